"""Whether what raised an alarm is still there, told by the newest readings alone.

The windows of the scores remember a fault for as long as they are long; its end shows at once. Two hypotheses are
compared reading by reading, "as high as in this episode" and "normal", and what speaks for one of them is summed up
(Page, Continuous inspection schemes, Biometrika 41, 1954): single readings that stray end nothing and bring nothing
back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.alarm_episodes import AlarmEpisode
from mlcore.diagnosis.causes import LOOK_BACK_H
from mlcore.diagnosis.departures import Departures
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import NO_PAST
from mlcore.diagnosis.indicators import INDICATORS, WINDOWS_H
from mlcore.diagnosis.residuals import by_indicator
from mlcore.diagnosis.rolling import sum_since
from mlcore.diagnosis.scores import Scores
from substations.electrical.power import BoolArray, FloatArray

MAX_WINDOW_H = max(max(hours) for hours in WINDOWS_H.values())


@dataclass(frozen=True, slots=True)
class Spell:
    """From a step up to, but not at, another one: where a departure was there; is_over: whether that is known."""

    start: int
    stop: int
    is_over: bool


def quiet_steps(fleet: Fleet) -> int:
    """Known readings for which everything has to be normal: two hours or eight readings, whichever is longer."""
    return max(fleet.steps(tuning.OFF_DELAY_H), tuning.OFF_DELAY_READINGS)


def spells_in_seconds(fleet: Fleet, found: tuple[Spell, ...]) -> tuple[tuple[int, int], ...]:
    """From when to when each was there, in epoch seconds: up to the end of its last step."""
    return tuple((int(fleet.at_s[each.start]), int(fleet.at_s[each.stop - 1]) + fleet.interval_s) for each in found)


def departure_of(departures: Departures, episode: AlarmEpisode) -> FloatArray:
    """[time] the residual behind an episode's indicator, positive where it departs; NaN where it is not known."""
    name = INDICATORS[episode.indicator]
    series: FloatArray = np.asarray(by_indicator(departures.residuals)[name][episode.substation], dtype=np.float64)
    if name == "reactive" and _is_over_compensated(departures, episode):
        return -series
    if name != "voltage":
        return series
    return np.asarray(series * np.sign(np.median(np.nan_to_num(series[episode.raised : episode.last + 1])) or 1.0))


def _is_over_compensated(departures: Departures, episode: AlarmEpisode) -> bool:
    """Leading, and more so than expected: as ``causes.name_cause`` says it of the first day."""
    stop = min(episode.last + 1, episode.raised + departures.fleet.steps(LOOK_BACK_H))
    inside = (episode.substation, slice(episode.raised, stop))
    reactive = np.nan_to_num(departures.signals.reactive[inside])
    return bool(np.nan_to_num(departures.residuals.reactive[inside]).mean() < 0 and reactive.mean() < 0)


def spells(departures: Departures, scores: Scores, episode: AlarmEpisode) -> tuple[Spell, ...]:
    """Where the departure of an alarm was there; the last spell is over with the alarm at the latest.

    One that is over is back when the readings say so, or windows that hold nothing from before it was over.
    """
    fleet, row, name = departures.fleet, episode.substation, episode.indicator
    end = len(fleet.at_s) if episode.cleared is None else episode.cleared
    series = departure_of(departures, episode)[:end]
    short, every = (np.nan_to_num(windows[row, :end, name]) for windows in (scores.short_windows, scores.all_windows))
    found: list[Spell] = []
    start: int | None = episode.raised
    while start is not None:
        height, spread = usual_size(fleet, series, start)
        weights = evidence(series[start:], height, spread)
        noticed, stop = _turn(weights, np.isfinite(series[start:]), quiet_steps(fleet))
        is_over = noticed is not None or episode.cleared is not None
        found.append(Spell(start, start + stop, is_over))
        if noticed is None:
            break
        over = start + noticed
        back = _back_after(fleet, weights[noticed:], short[over:], every[over:])
        start = None if back is None else over + back
    return tuple(found)


def spells_of_marks(present: BoolArray, alarming: BoolArray, known: BoolArray, quiet: int) -> tuple[Spell, ...]:
    """Spells of what is either there or not, [time] from where the alarm came on.

    One is over after ``quiet`` known readings without it, and another begins where it is alarming again.
    """
    count = np.cumsum(known & ~present)
    found: list[Spell] = []
    start = 0
    while True:
        last = np.maximum.accumulate(np.where(present[start:], np.arange(start, present.size), start))
        calm = np.flatnonzero(count[start:] - count[last] >= quiet)
        if not calm.size:
            return (*found, Spell(start, int(last[-1]) + 1, is_over=False))
        over = start + int(calm[0])
        found.append(Spell(start, int(last[calm[0]]) + 1, is_over=True))
        again = np.flatnonzero(alarming[over:])
        if not again.size:
            return tuple(found)
        start = over + int(again[0])


def after(found: tuple[Spell, ...], episode: AlarmEpisode) -> tuple[Spell, ...]:
    """Spells counted from where an alarm came on, as steps of its record; with a cleared alarm the last one is over."""
    moved = [Spell(each.start + episode.raised, each.stop + episode.raised, each.is_over) for each in found]
    return (*moved[:-1], replace(moved[-1], is_over=moved[-1].is_over or episode.cleared is not None))


def evidence(departure: FloatArray, height: float, spread: float) -> FloatArray:
    """[time] how much each reading speaks for the departure to be there, in nats; negative for normal, 0 unknown.

    departure: [time], NaN where it is not known. height: its usual size in this episode; spread: its deviation, which
    is taken for at least half of the height.
    """
    if not height > np.finfo(np.float64).tiny:  # half of a smaller one may be nothing
        return np.zeros(departure.shape)
    sharpness = (height / max(spread, tuning.MIN_PRESENCE_SPREAD * height)) ** 2
    low, high = tuning.PRESENCE_BOUNDS
    with np.errstate(over="ignore"):  # of a height of next to nothing
        share: FloatArray = np.clip(departure / height, low, high) - tuning.END_SHARE
    return np.nan_to_num(sharpness * share)


def _turn(weights: FloatArray, known: BoolArray, least: int) -> tuple[int | None, int]:
    """The step at which it is known that weights have turned negative (None: they have not), and the first after that.

    At least ``least`` known readings must have come since, and speak against them by ``OVER_EVIDENCE`` together.
    """
    total = np.concatenate([[0.0], np.cumsum(weights)])
    count = np.concatenate([[0], np.cumsum(known)])
    highest = np.maximum.accumulate(total)
    turn = np.maximum.accumulate(np.where(total >= highest, np.arange(total.size), 0))
    sure = (highest - total >= tuning.OVER_EVIDENCE) & (count - count[turn] >= least)
    if not sure.any():
        return None, max(int(turn[-1]), 1)
    at = int(sure.argmax())
    return at - 1, max(int(turn[at]), 1)


def usual_size(fleet: Fleet, series: FloatArray, raised: int) -> tuple[float, float]:
    """Median and robust deviation of a departure while it was there: from an hour before the alarm to its first gap."""
    quiet = quiet_steps(fleet)
    inside = series[max(0, raised - fleet.steps(1.0)) :]
    known = np.isfinite(inside)
    low = np.asarray(known & (inside < tuning.END_SHARE * _median(inside[: fleet.steps(1.0) + quiet])))
    gone = np.flatnonzero(sum_since(low.astype(np.float64), known & ~low, NO_PAST) >= quiet)
    stop = max(int(gone[0]) - quiet + 1, fleet.steps(1.0)) if gone.size else len(inside)
    height = _median(inside[:stop])
    return height, 1.4826 * _median(np.abs(inside[:stop] - height))


def _median(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else 0.0


def _back_after(fleet: Fleet, weights: FloatArray, short: FloatArray, every: FloatArray) -> int | None:
    """Steps after it was over until it, or something else, is there; None where all stays normal."""
    steps = np.arange(len(weights))
    again = (steps >= fleet.steps(tuning.SHORT_H)) & (short > 1.0)
    again |= (steps >= fleet.steps(MAX_WINDOW_H)) & (every > 1.0)
    total = np.cumsum(weights)
    again |= total - np.minimum.accumulate(np.minimum(total, 0.0)) >= tuning.BACK_EVIDENCE
    return int(again.argmax()) if again.any() else None
