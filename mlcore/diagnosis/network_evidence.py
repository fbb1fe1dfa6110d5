"""What the network looks at beside the residuals: quantities and scores in units that all substations share."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.history import History
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.scores import Scores
from substations.electrical.power import FloatArray

QUANTITIES = (
    "reactive_scaled", "imbalance", "distortion_scaled", "voltage", "oil_temperature", "demand", "active", "reactive",
    "reactive_in_bank_steps", "active_beyond_expected", "expected_reactive", "reactive_cost", "low_pf_load_cost",
)  # fmt: skip
"""Means of a slot; about 1 is the least that is worth an alarm, or a usual load."""

SCORES = (
    *(f"{name}_score" for name in INDICATORS),
    *(f"{name}_score_of_hours" for name in INDICATORS),
    "kvar_follow_kw",
)
"""Logarithms of scores at the end of a slot: 0 is the threshold of the physics."""

EVIDENCE_NAMES = QUANTITIES + SCORES

WIDEST = 6.0
"""Chosen: what is six times worth an alarm is no clearer than that."""
MIN_SCORE, LOWEST_LOG, HIGHEST_LOG = 0.03, -3.5, 2.0
"""Chosen: a thirtieth of a threshold is nothing, seven times a threshold is everything."""
USUAL_BANK_STEP_PU = 0.05
"""Chosen: a bank of a third of the rating in six or seven steps, where no nameplate says it."""


def evidence(
    departures: Departures, scores: Scores, usual_loss_kw: FloatArray, slot_steps: int, history: History
) -> FloatArray:
    """[substation, feature, time] in the order of EVIDENCE_NAMES, 0 where unknown; means reach ``slot_steps`` back.

    usual_loss_kw: [substation] what a substation usually loses.
    """
    quantities = np.clip(_quantities(departures, usual_loss_kw), -WIDEST, WIDEST)
    if slot_steps > 1:
        quantities = window_mean(quantities, slot_steps, history.of("quantities"))
    logs = np.log(np.maximum(_scores(scores), MIN_SCORE))
    whole = np.concatenate([quantities, np.clip(logs, LOWEST_LOG, HIGHEST_LOG)], axis=1)
    return np.asarray(np.nan_to_num(whole), dtype=np.float32)


def _quantities(departures: Departures, usual_loss_kw: FloatArray) -> FloatArray:
    residuals, signals, rates = departures.residuals, departures.signals, departures.rates
    usual = np.maximum(usual_loss_kw, tuning.MIN_USUAL_LOSS_KW)[:, None]
    return np.stack(
        [
            residuals.reactive_scaled / 3.0,
            residuals.imbalance / tuning.MIN_IMBALANCE,
            residuals.distortion_scaled / 3.0,
            residuals.voltage / tuning.MIN_VOLTAGE,
            residuals.oil_k / tuning.MIN_OIL_K,
            residuals.demand / tuning.OVERLOAD_GROWTH,
            2.0 * signals.active,
            4.0 * signals.reactive,
            residuals.reactive / USUAL_BANK_STEP_PU,
            8.0 * (signals.active - residuals.expected_active),
            4.0 * residuals.expected_reactive,
            np.sqrt(10.0 * np.maximum(rates.reactive / usual, 0.0)),
            np.sqrt(10.0 * np.maximum(rates.low_pf_load / usual, 0.0)),
        ],
        axis=1,
    )


def _scores(scores: Scores) -> FloatArray:
    by_feature = [*np.moveaxis(scores.all_windows, -1, 0), *np.moveaxis(scores.short_windows, -1, 0)]
    return np.stack([*by_feature, scores.step_covariance], axis=1)
