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


def indicator_alarm_masks(scores: FloatArray, interval_s: float, history: History) -> BoolArray:
    """[substation, time, indicator] where an alarm stands, for scores of the same shape."""
    states = alarm_states(np.moveaxis(scores, 1, 2), interval_s, history, clear_score=CLEAR_SCORES[:, None])
    return np.asarray(np.moveaxis(states, 2, 1))
