"""Before and after a change, at equal active power: what the change did, and not the weather or the order book."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from substations.electrical.power import BoolArray, FloatArray

IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

BIN_COUNT = 12
"""Chosen: fine enough that P hardly varies within a bin, coarse enough that each has many hours."""

MIN_BIN_HOURS = 3
"""Chosen: below it the mean of a bin is that of single hours."""

MIN_DAYS = 3
"""Chosen: days on either side, without which there is no interval to speak of."""

# Student's t, two-sided 95 %, by degrees of freedom (any table of it); the normal distribution's beyond the last.
T_95 = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 8: 2.306, 10: 2.228, 15: 2.131, 20: 2.086, 30: 2.042}
NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class NormalisedChange:
    """Means over the hours after that have their like before: as measured, and what would have been without the change.

    saved: expected less measured, and its 95 % interval; None with too few days. hours: compared, of after_h.
    active_kw: mean over the hours that were compared.
    """

    active_kw: float

    expected: float
    measured: float
    saved: float
    low: float | None
    high: float | None
    hours: int
    after_h: int


def normalised_change(
    active_kw: FloatArray, values: FloatArray, day: IntArray, is_before: BoolArray, is_after: BoolArray
) -> NormalisedChange | None:
    """Values (kvar, kW of loss), [hour], before projected on the active power after; None where no load is alike.

    Avoided energy as IPMVP and ASHRAE Guideline 14 have it: the baseline is brought to the conditions of the reporting
    period, here by bins of active power. day: number of each hour's day; hours of a day resemble each other, so the
    interval takes days as single observations, before and after.
    """
    expected = expected_values(active_kw, values, is_before)
    known = np.isfinite(expected) & np.isfinite(values)
    before, after = known & is_before, known & is_after
    if not after.any():
        return None
    saved = expected - values
    error = _standard_error(saved[after], day[after], saved[before], day[before])
    mean = float(saved[after].mean())
    return NormalisedChange(
        active_kw=float(active_kw[after].mean()),
        expected=float(expected[after].mean()),
        measured=float(values[after].mean()),
        saved=mean,
        low=None if error is None else mean - error,
        high=None if error is None else mean + error,
        hours=int(np.count_nonzero(after)),
        after_h=int(np.count_nonzero(np.isfinite(active_kw) & np.isfinite(values) & is_after)),
    )


def expected_values(active_kw: FloatArray, values: FloatArray, is_before: BoolArray) -> FloatArray:
    """[hour] the mean before at this active power; NaN where the load before was never like it."""
    known = np.isfinite(active_kw) & np.isfinite(values) & is_before
    if not known.any():
        return np.full_like(values, np.nan)
    edges = _edges(active_kw[known])
    bins = np.digitize(np.nan_to_num(active_kw), edges)
    counts = np.bincount(bins[known], minlength=len(edges) + 1)
    sums = np.bincount(bins[known], weights=values[known], minlength=len(edges) + 1)
    comparable = (counts >= MIN_BIN_HOURS)[bins] & np.isfinite(active_kw)
    return np.where(comparable, (sums / np.maximum(counts, 1))[bins], np.nan)


def change_point(values: FloatArray, level: float) -> int:
    """How many values lie before a step from ``level`` down to 0: the likeliest number, 0 to all of them.

    The sum of (value − level/2) before it is highest there: maximum likelihood of one step in white noise (Hinkley,
    1970). NaN is passed over.
    """
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values - level / 2))])
    return int(np.argmax(sums))


def _edges(before: FloatArray) -> FloatArray:
    """Edges of bins of about equally many hours; the outermost end half a bin's width beyond what was seen."""
    inner = np.quantile(before, np.linspace(0, 1, BIN_COUNT + 1))
    width = max(float(inner[-1] - inner[0]) / BIN_COUNT, 1e-9)
    return np.concatenate([[inner[0] - width / 2], np.unique(inner[1:-1]), [inner[-1] + width / 2]])


def _standard_error(after: FloatArray, after_day: IntArray, before: FloatArray, before_day: IntArray) -> float | None:
    """Half the 95 % interval of the mean of days after less that of days before (Welch)."""
    one, other = _daily_means(after, after_day), _daily_means(before, before_day)
    fewest = min(len(one), len(other))
    if fewest < MIN_DAYS:
        return None
    variance = float(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    return _t_95(fewest - 1) * float(np.sqrt(variance))


def _daily_means(values: FloatArray, day: IntArray) -> FloatArray:
    _, index = np.unique(day, return_inverse=True)
    return np.asarray(np.bincount(index, weights=values) / np.bincount(index))


def _t_95(degrees: int) -> float:
    """Of the next smaller number of degrees in the table: never too narrow."""
    if degrees > max(T_95):
        return NORMAL_95
    return T_95[max(each for each in T_95 if each <= degrees)]
