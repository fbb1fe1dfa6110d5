"""Sensitivity in the operator's terms: false alarms per substation and month, counted on held-out normal steps."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis.data_quality_flags import Learnt
from mlcore.diagnosis.fleet import HOUR_S
from mlcore.diagnosis.indicator_alarms import indicator_alarm_masks
from mlcore.diagnosis.scores import Evidence, score
from substations.electrical.power import BoolArray

HOURS_PER_MONTH = 24 * 30.44
COUNTED_AT = (1.35, 1.5, 1.75)
"""Factors on the scores at which alarms are counted: at 1 there are too few in a training range to count."""

RATE_EXPONENT = 6.5
"""False alarms grow with about this power of the factor, between 1 and 2."""

TYPICAL_RATE, TYPICAL_ALARMS = 0.1, 2.0
"""What is assumed before anything was counted, and how many counted alarms it weighs as much as."""

SENSITIVITY_RANGE = (0.6, 1.6)


def alarm_rate(evidence: Evidence, learnt: Learnt, normal: BoolArray) -> Learnt:
    """Expected false alarms per substation-month at a sensitivity of 1, pooled over the fleet.

    ``evidence`` is that of held-out steps, ``normal`` marks those without a known fault.
    """
    scores = np.where(normal[..., None], score(evidence, learnt).all_windows, np.nan)
    interval_s = evidence.fleet.interval_s
    months = float(normal.sum()) * interval_s / HOUR_S / HOURS_PER_MONTH
    alarms = sum(_count(factor * scores, interval_s) for factor in COUNTED_AT)
    exposure = months * sum(factor**RATE_EXPONENT for factor in COUNTED_AT)
    rate = (alarms + TYPICAL_ALARMS) / (exposure + TYPICAL_ALARMS / TYPICAL_RATE)
    return {"alarms_per_month": np.full(len(normal), rate)}


def _count(scores: np.ndarray, interval_s: int) -> int:
    """Alarms that come on: of all channels of a substation, together one where they overlap."""
    states = indicator_alarm_masks(scores, interval_s).any(axis=-1)
    return int((np.diff(states.astype(np.int8), axis=1, prepend=0) == 1).sum())


def expected_alarms(rate: float, sensitivity: float) -> float:
    """False alarms per substation-month at a sensitivity, from the rate at 1."""
    return float(rate * sensitivity**RATE_EXPONENT)


def sensitivity_for(rate: float, false_alarms_per_month: float) -> float:
    """The factor on the scores that gives this many false alarms per substation-month, within what was counted.

    Raises:
        ValueError: the wanted number is not above 0.
    """
    if not false_alarms_per_month > 0:
        raise ValueError(f"false_alarms_per_month must be above 0; received {false_alarms_per_month}.")
    wanted = (false_alarms_per_month / rate) ** (1.0 / RATE_EXPONENT)
    return float(np.clip(wanted, *SENSITIVITY_RANGE))
