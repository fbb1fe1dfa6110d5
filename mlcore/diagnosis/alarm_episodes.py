"""From scores to episodes: on-delay, off-delay, hysteresis; frozen while the readings can't be judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.history import History
from mlcore.diagnosis.rolling import steps_since, sum_since
from substations.electrical.power import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class AlarmEpisode:
    """One alarm of one indicator (or quality flag): steps on the time grid.

    raised: the step at which the alarm came on. cleared: the step at which it went off, None while on.
    last: the last step at which the departure was still there.
    """

    substation: int
    indicator: int
    raised: int
    cleared: int | None
    last: int


def alarm_states(
    scores: FloatArray,
    interval_s: float,
    history: History,
    on_delay_h: float = tuning.ON_DELAY_H,
    off_delay_h: float = tuning.OFF_DELAY_H,
    clear_score: float | FloatArray = tuning.CLEAR_SCORE,
    is_worth_it: BoolArray | None = None,
) -> BoolArray:
    """[..., time] alarm on or off for scores [..., time]; NaN freezes the state and both delays.

    On after ``on_delay_h`` of scores of 1.1, later for lower and sooner for higher ones; off after ``off_delay_h``
    below 0.45; between the two nothing changes. Below ``clear_score`` one reading alone raises nothing. Where
    ``is_worth_it`` is False none comes on.
    """
    hours = interval_s / 3600.0
    known = np.isfinite(scores)
    high, low = known & (scores > 1.0), known & (scores < tuning.OFF_SCORE)
    above = np.where(high, scores, 1.0) - 1.0
    pace = np.minimum(tuning.SLOWEST_PACE + tuning.PACE_PER_SCORE * above, tuning.FASTEST_PACE)
    most = tuning.MAX_SHARE_OF_DELAY * on_delay_h
    weight = min(hours, most) * pace
    urgency: FloatArray = np.where(high, np.where(scores < clear_score, np.minimum(weight, most), weight), 0.0)
    urged = sum_since(urgency, known & ~high, history.of("urgency"))
    calm = sum_since(np.where(low, hours, 0.0), known & ~low, history.of("calm"))
    on = high & (urged >= on_delay_h - 1e-9)
    if is_worth_it is not None:
        on &= is_worth_it
    off = low & (calm >= off_delay_h - 1e-9)
    return np.asarray(steps_since(on, history.of("on")) < steps_since(off, history.of("off")))


def episodes(states: BoolArray, short_scores: FloatArray) -> list[AlarmEpisode]:
    """Episodes of alarm states [substation, time, indicator], in order of substation, indicator and time."""
    edges = np.diff(np.concatenate([np.zeros_like(states[:, :1]), states], axis=1).astype(np.int8), axis=1)
    present = np.nan_to_num(short_scores) >= tuning.OFF_SCORE
    found = []
    for substation, indicator in zip(*np.nonzero(states.any(axis=1)), strict=True):
        edge = edges[substation, :, indicator]
        falls = np.nonzero(edge < 0)[0]
        for raised in np.nonzero(edge > 0)[0]:
            later = falls[falls > raised]
            cleared = int(later[0]) if later.size else None
            stop = cleared if cleared is not None else states.shape[1]
            held = np.nonzero(present[substation, raised:stop, indicator])[0]
            last = int(raised + (held[-1] if held.size else 0))
            found.append(AlarmEpisode(int(substation), int(indicator), int(raised), cleared, last))
    return found
