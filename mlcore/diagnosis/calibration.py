"""Sensitivity in the operator's terms: false alarms per substation and month, counted on held-out normal steps."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.indicator_alarms import indicator_alarm_masks
from mlcore.diagnosis.parameters import Thresholds
from mlcore.diagnosis.scores import score
from mlcore.diagnosis.terms import HOUR_S, HOURS_PER_MONTH
from mlcore.diagnosis.visit_worth import worth_a_visit
from substations.electrical.power import BoolArray, FloatArray


def alarm_rate(departures: Departures, thresholds: Thresholds, normal: BoolArray) -> FloatArray:
    """[substation] expected false alarms per substation-month at a sensitivity of 1, pooled over the fleet.

    ``departures`` are those of held-out steps, ``normal`` marks those without a known fault.
    """
    scores = np.where(normal[..., None], score(departures, thresholds, WHOLE_RECORD).all_windows, np.nan)
    months = float(normal.sum()) * departures.fleet.interval_s / HOUR_S / HOURS_PER_MONTH
    alarms = sum(_count(departures, factor * scores) for factor in tuning.COUNTED_AT)
    exposure = months * sum(factor**tuning.RATE_EXPONENT for factor in tuning.COUNTED_AT)
    rate = (alarms + tuning.TYPICAL_ALARMS) / (exposure + tuning.TYPICAL_ALARMS / tuning.TYPICAL_RATE)
    return np.full(len(normal), rate)


def _count(departures: Departures, scores: FloatArray) -> int:
    """Alarms that come on: of all channels of a substation, together one where they overlap."""
    is_worth_it = worth_a_visit(departures, scores, WHOLE_RECORD)
    interval_s = departures.fleet.interval_s
    states = indicator_alarm_masks(scores, interval_s, WHOLE_RECORD, is_worth_it).any(axis=-1)
    return int((np.diff(states.astype(np.int8), axis=1, prepend=0) == 1).sum())


def expected_alarms(rate: float, sensitivity: float) -> float:
    """False alarms per substation-month at a sensitivity, from the rate at 1."""
    return float(rate * sensitivity**tuning.RATE_EXPONENT)


def sensitivity_for(rate: float, false_alarms_per_month: float) -> float:
    """The factor on the scores that gives this many false alarms per substation-month, within what was counted.

    Raises:
        ValueError: the wanted number is not above 0.
    """
    if not false_alarms_per_month > 0:
        raise ValueError(f"false_alarms_per_month must be above 0; received {false_alarms_per_month}.")
    wanted = (false_alarms_per_month / rate) ** (1.0 / tuning.RATE_EXPONENT)
    return float(np.clip(wanted, *tuning.SENSITIVITY_RANGE))
