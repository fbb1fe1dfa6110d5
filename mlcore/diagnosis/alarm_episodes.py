"""From scores to episodes: on-delay, off-delay, hysteresis; frozen while the readings can't be judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.rolling import steps_since, sum_since
from substations.electrical.power import BoolArray, FloatArray

ON_DELAY_H = 0.5
OFF_DELAY_H = 2.0
OFF_SCORE = 0.45
SLOWEST_PACE, PACE_PER_SCORE, FASTEST_PACE = 0.2, 8.0, 4.0
"""Pace of the on-delay at the threshold, how fast it grows with the score, and its limit: 2.5 h at 1.0, half an hour
at 1.1. What hovers at the threshold is a bank between two steps more often than a fault; a fault rises on."""

MAX_SHARE_OF_DELAY, CLEAR_SCORE = 0.7, 1.5
"""What one reading counts for at most: a slow meter needs a second one, unless the score is clear."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One alarm of one channel: steps on the time grid.

    raised: the step at which the alarm came on. cleared: the step at which it went off, None while on.
    last: the last step at which the departure was still there.
    """

    substation: int
    channel: int
    raised: int
    cleared: int | None
    last: int


def alarm_states(
    scores: FloatArray,
    interval_s: float,
    on_delay_h: float = ON_DELAY_H,
    off_delay_h: float = OFF_DELAY_H,
    clear_score: float | FloatArray = CLEAR_SCORE,
) -> BoolArray:
    """[..., time] alarm on or off for scores [..., time]; NaN freezes the state and both delays.

    On after ``on_delay_h`` of scores of 1.1, later for lower and sooner for higher ones; off after ``off_delay_h``
    below 0.45; between the two nothing changes. Below ``clear_score`` one reading alone raises nothing.
    """
    hours = interval_s / 3600.0
    known = np.isfinite(scores)
    high, low = known & (scores > 1.0), known & (scores < OFF_SCORE)
    above = np.where(high, scores, 1.0) - 1.0
    pace = np.minimum(SLOWEST_PACE + PACE_PER_SCORE * above, FASTEST_PACE)
    most = MAX_SHARE_OF_DELAY * on_delay_h
    weight = min(hours, most) * pace
    urgency: FloatArray = np.where(high, np.where(scores < clear_score, np.minimum(weight, most), weight), 0.0)
    on = high & (sum_since(urgency, known & ~high) >= on_delay_h - 1e-9)
    off = low & (sum_since(np.where(low, hours, 0.0), known & ~low) >= off_delay_h - 1e-9)
    return np.asarray(steps_since(on) < steps_since(off))


def episodes(states: BoolArray, short_scores: FloatArray) -> list[Episode]:
    """Episodes of alarm states [substation, time, channel], in order of substation, channel and time."""
    edges = np.diff(np.concatenate([np.zeros_like(states[:, :1]), states], axis=1).astype(np.int8), axis=1)
    present = np.nan_to_num(short_scores) >= OFF_SCORE
    found = []
    for substation, channel in zip(*np.nonzero(states.any(axis=1)), strict=True):
        edge = edges[substation, :, channel]
        falls = np.nonzero(edge < 0)[0]
        for raised in np.nonzero(edge > 0)[0]:
            later = falls[falls > raised]
            cleared = int(later[0]) if later.size else None
            stop = cleared if cleared is not None else states.shape[1]
            held = np.nonzero(present[substation, raised:stop, channel])[0]
            last = int(raised + (held[-1] if held.size else 0))
            found.append(Episode(int(substation), int(channel), int(raised), cleared, last))
    return found
