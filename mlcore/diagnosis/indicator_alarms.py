"""Alarm states of the indicators, each with the on-delay that suits its windows."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import alarm_states
from mlcore.diagnosis.history import History
from mlcore.diagnosis.indicators import INDICATORS, WINDOWS_H
from substations.electrical.power import BoolArray, FloatArray

_QUICK = tuning.QUICK_WINDOW_H
CLEAR_SCORES = np.array(
    [tuning.CLEAR_SCORE if min(WINDOWS_H.get(name, (_QUICK,))) <= _QUICK else np.inf for name in INDICATORS]
)
"""An indicator without a short window never raises an alarm from one reading: what it shows is hours old."""


def indicator_alarm_masks(
    scores: FloatArray, interval_s: float, history: History, is_worth_it: BoolArray | None = None
) -> BoolArray:
    """[substation, time, indicator] where an alarm stands, for scores and ``is_worth_it`` of the same shape."""
    states = alarm_states(
        np.moveaxis(scores, 1, 2),
        interval_s,
        history,
        clear_score=CLEAR_SCORES[:, None],
        is_worth_it=None if is_worth_it is None else np.moveaxis(is_worth_it, 1, 2),
    )
    return np.asarray(np.moveaxis(states, 2, 1))
