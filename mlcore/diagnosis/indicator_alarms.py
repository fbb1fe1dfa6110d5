"""Alarm states of the score channels, each with the on-delay that suits its windows."""

from __future__ import annotations

import numpy as np

from mlcore.diagnosis.alarm_episodes import CLEAR_SCORE, alarm_states
from mlcore.diagnosis.scores import CHANNELS, WINDOWS_H
from substations.electrical.power import BoolArray, FloatArray

QUICK_WINDOW_H = 1.0
CLEAR_SCORES = np.array(
    [CLEAR_SCORE if min(WINDOWS_H.get(name, (QUICK_WINDOW_H,))) <= QUICK_WINDOW_H else np.inf for name in CHANNELS]
)
"""A channel without a short window never raises an alarm from one reading: what it shows is hours old."""


def indicator_alarm_masks(scores: FloatArray, interval_s: float) -> BoolArray:
    """[substation, time, channel] where an alarm stands, for scores of the same shape."""
    states = alarm_states(np.moveaxis(scores, 1, 2), interval_s, clear_score=CLEAR_SCORES[:, None])
    return np.asarray(np.moveaxis(states, 2, 1))
