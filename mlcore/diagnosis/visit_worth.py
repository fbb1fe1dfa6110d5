"""Whether a departure is worth a visit yet: an alarm waits until it has cost energy, or life of the transformer."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.history import History
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.rolling import sum_since, window_mean
from mlcore.diagnosis.severity import rated_loss_kw
from mlcore.diagnosis.terms import HOUR_S
from substations.electrical.power import BoolArray, FloatArray
from substations.electrical.thermal import relative_ageing

RATE_OF_INDICATOR = {
    "reactive": "reactive",
    "motor": "low_pf_load",
    "distortion": "distortion",
    "imbalance": "imbalance",
    "voltage": "voltage",
    "oil_temperature": "cooling",
    "overload": "overload",
}

ALWAYS_WORTH_IT = {"imbalance"}
"""Hardly any loss, but a broken joint or a blown fuse, and heat in every motor behind it (IEC 60034-26)."""

DAY_H = 24.0
HOT_SPOT_FACTOR = 1.15
"""Hot spot over top oil against the mean winding over top oil: 23 K and 20 K at rated load (IEC 60076-7, ONAN)."""


def worth_a_visit(departures: Departures, scores: FloatArray, history: History) -> BoolArray:
    """[substation, time, indicator] where what was lost since the score left its normal range is worth an alarm.

    scores: [substation, time, indicator]. Energy is compared with ``VISIT_RATED_HOURS`` of the rated loss; of the oil,
    hours of life beyond the usual count too.
    """
    hours = departures.fleet.interval_s / HOUR_S
    calm = np.isfinite(scores) & (scores < tuning.OFF_SCORE)
    rated_kw = np.array([[rated_loss_kw(plate)] for plate in departures.fleet.nameplates])
    hour = departures.fleet.steps(1.0)
    masks = []
    for number, name in enumerate(INDICATORS):
        if name in ALWAYS_WORTH_IT:
            masks.append(np.ones(calm.shape[:2], dtype=bool))
            continue
        rate_kw = np.maximum(np.nan_to_num(getattr(departures.rates, RATE_OF_INDICATOR[name])), 0.0)
        lost_kwh = sum_since(hours * rate_kw, calm[..., number], history.of(f"visit_{name}"))
        pace_kw = np.nan_to_num(window_mean(rate_kw, hour, history.of(f"visit_pace_{name}")))
        least_h = tuning.VISIT_RATED_HOURS_OIL if name == "oil_temperature" else tuning.VISIT_RATED_HOURS
        is_lost = lost_kwh >= least_h * rated_kw
        masks.append(is_lost | (DAY_H * pace_kw >= tuning.VISIT_RATED_HOURS_A_DAY * rated_kw))
    oil = INDICATORS.index("oil_temperature")
    aged_h = sum_since(hours * _ageing(departures), calm[..., oil], history.of("visit_ageing"))
    masks[oil] = masks[oil] | (aged_h >= tuning.VISIT_AGED_H)
    return np.stack(masks, axis=-1)


def _ageing(departures: Departures) -> FloatArray:
    """[substation, time] hours of life that an hour costs beyond those at the expected oil; 0 where it is not known."""
    oil_c, beyond_k = departures.signals.oil_c, departures.residuals.oil_k
    hot_spot_c = oil_c + HOT_SPOT_FACTOR * (departures.operation.winding_c - oil_c)
    return np.maximum(np.nan_to_num(relative_ageing(hot_spot_c) - relative_ageing(hot_spot_c - beyond_k)), 0.0)
