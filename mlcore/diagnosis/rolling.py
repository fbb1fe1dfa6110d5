"""Trailing windows over [..., time] arrays with missing values; nothing here looks ahead.

Each function is told where the ``past`` of its quantity is: with ``NO_PAST`` the array is a whole record, else it holds
new steps alone and the window reaches back into those judged before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlcore.diagnosis.history import Past
from substations.electrical.power import BoolArray, FloatArray
from substations.electrical.thermal import first_order_lag

IntArray = npt.NDArray[np.int64]

MIN_FILLED = 0.34
"""Tuned, see docs/accuracy.md (rows missing): a window of which less than a third is known says nothing."""

FEW_COLUMNS = 4
"""So few new steps are summed one by one: running sums over all earlier ones would cost more."""

_MEDIAN_POINTS = 9
"""Chosen for cost: the median of nine points spread over a window is near that of all."""


def shifted(values: FloatArray, steps: int, past: Past) -> FloatArray:
    """The values ``steps`` earlier; NaN where there was nothing yet."""
    whole, earlier = past.before(values, steps)
    return _moved(whole, steps)[..., earlier:]


def _moved(values: FloatArray, steps: int) -> FloatArray:
    earlier = np.full_like(values, np.nan)
    if steps < values.shape[-1]:
        earlier[..., steps:] = values[..., : values.shape[-1] - steps]
    return earlier


def _sums(values: FloatArray, steps: int) -> FloatArray:
    """Sum over the last ``steps`` values (fewer at the start); no NaN allowed."""
    total = np.cumsum(values, axis=-1)
    total[..., steps:] = total[..., steps:] - total[..., :-steps].copy()
    return total


def _tail_sums(values: FloatArray, steps: int, earlier: int) -> FloatArray:
    """The sums of the columns after the ``earlier`` ones; a few of them are added up alone."""
    count = values.shape[-1] - earlier
    if not earlier or count > FEW_COLUMNS:
        return _sums(values, steps)[..., earlier:]
    ends = range(earlier + 1, values.shape[-1] + 1)
    return np.stack([values[..., max(end - steps, 0) : end].sum(axis=-1) for end in ends], axis=-1)


def window_mean(values: FloatArray, steps: int, past: Past, min_filled: float = MIN_FILLED) -> FloatArray:
    """Mean of what is present in the last ``steps`` values; NaN where too little is.

    At the start of the record the window is as long as the record is.
    """
    whole, earlier = past.before(values, steps - 1)
    present = np.isfinite(whole)
    count = _tail_sums(present.astype(np.float64), steps, earlier)
    total = _tail_sums(np.where(present, whole, 0.0), steps, earlier)
    length = np.minimum(np.arange(earlier + 1, whole.shape[-1] + 1), steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((count >= min_filled * length) & (count > 0), total / count, np.nan)


def window_any(mask: BoolArray, steps: int, past: Past) -> BoolArray:
    """True where the mask was True in the last ``steps`` steps, this one included."""
    whole, earlier = past.before(mask, steps - 1)
    index = np.arange(whole.shape[-1])
    last = np.maximum.accumulate(np.where(whole, index, -steps - 1), axis=-1)
    return np.asarray((index - last < steps)[..., earlier:])


def window_median(values: FloatArray, steps: int, past: Past) -> FloatArray:
    """Median of what is present in the last ``steps`` values; long windows are sampled at nine points."""
    whole, earlier = past.before(values, steps - 1)
    offsets = np.unique(np.linspace(0, steps - 1, min(steps, _MEDIAN_POINTS)).round().astype(int))
    points = [_moved(whole, int(offset))[..., earlier:] if offset else values for offset in offsets]
    return nan_median(np.stack(points, axis=-1))


def window_range(values: FloatArray, steps: int, past: Past) -> FloatArray:
    """Largest less smallest of the last ``steps`` values by doubling; NaN where one is missing."""
    whole, earlier = past.before(values, steps - 1)
    high = low = whole
    reach = 1
    while reach < steps:
        hop = min(reach, steps - reach)
        high, low = np.maximum(high, _moved(high, hop)), np.minimum(low, _moved(low, hop))
        reach += hop
    return (high - low)[..., earlier:]


def steps_since(mask: BoolArray, past: Past) -> FloatArray:
    """Steps since the mask was True, 0 where it is, infinite where it never was."""
    before = past.last(np.empty(mask.shape), np.inf)
    index = np.arange(mask.shape[-1], dtype=np.float64)
    last = np.maximum.accumulate(np.where(mask, index, -np.inf), axis=-1)
    return past.keep(np.where(np.isfinite(last), index - last, before + index + 1.0))


def sum_since(amount: FloatArray, reset: BoolArray, past: Past) -> FloatArray:
    """Running sum of amounts, none of them negative, that starts again at every reset."""
    total = np.cumsum(amount, axis=-1) + past.last(amount, 0.0)
    base = np.maximum.accumulate(np.where(reset, total, 0.0), axis=-1)
    return past.keep(np.asarray(total - base))


def min_so_far(values: FloatArray, past: Past) -> FloatArray:
    """Smallest of all values up to each step; infinite where there was none."""
    before = past.last(values, np.inf)
    filled = np.minimum.accumulate(np.where(np.isnan(values), np.inf, values), axis=-1)
    return past.keep(np.minimum(filled, before))


def first_order(values: FloatArray, interval_s: float, time_constant_s: FloatArray | float, past: Past) -> FloatArray:
    """Response of a first-order system (``thermal.first_order_lag``) that goes on from where it was."""
    start = np.broadcast_to(past.last(values, np.nan), (*values.shape[:-1], 1))
    start = np.where(np.isfinite(start), start, values[..., :1])
    whole = first_order_lag(np.concatenate([start, values], axis=-1), interval_s, time_constant_s)
    return past.keep(whole[..., 1:])


def nan_median(values: FloatArray) -> FloatArray:
    """Median over the last axis without the missing values; NaN where all are (faster than numpy's)."""
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(values).sum(axis=-1)[..., None]
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis=-1)
    high = np.take_along_axis(ordered, np.maximum(count // 2, 0).clip(max=values.shape[-1] - 1), axis=-1)
    return np.where(count > 0, (low + high) / 2.0, np.nan)[..., 0]


def quantile(values: FloatArray, mask: BoolArray, share: float) -> FloatArray:
    """Quantile over time of the masked, finite values of each substation ([..., time] → [...])."""
    usable = np.where(mask & np.isfinite(values), values, np.nan)
    ordered = np.sort(usable, axis=-1)
    count = np.isfinite(usable).sum(axis=-1)
    position = share * np.maximum(count - 1, 0)
    low = np.floor(position).astype(int)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    at_low = np.take_along_axis(ordered, low[..., None], axis=-1)[..., 0]
    at_high = np.take_along_axis(ordered, high[..., None], axis=-1)[..., 0]
    return np.asarray(at_low + (position - low) * (at_high - at_low))


def held(values: FloatArray, steps: int, past: Past) -> FloatArray:
    """Fill gaps with the last value, for at most ``steps`` steps."""
    whole, earlier = past.before(values, steps)
    return _filled(whole, steps)[..., earlier:]


def held_on(values: FloatArray, past: Past) -> FloatArray:
    """Fill gaps with the last value, however long they are."""
    whole = np.concatenate([past.last(values, np.nan), values], axis=-1)
    return past.keep(_filled(whole, whole.shape[-1])[..., 1:])


def _filled(values: FloatArray, steps: int) -> FloatArray:
    index = np.arange(values.shape[-1])
    last = np.maximum.accumulate(np.where(np.isfinite(values), index, -1), axis=-1)
    filled = np.take_along_axis(values, np.maximum(last, 0), axis=-1)
    return np.where((last >= 0) & (index - last <= steps), filled, np.nan)


def median_of_others(values: FloatArray, groups: IntArray | None = None) -> FloatArray:
    """[substation, time]: median over all other substations of what they have at this step.

    groups: [substation] numbers from 0; only substations of the same group are asked.
    """
    if groups is None or not groups.any():
        return _of_others(values)
    place = _places(groups)
    padded = np.full((int(groups.max()) + 1, int(place.max()) + 1, values.shape[1]), np.nan)
    padded[groups, place] = values
    return np.asarray(_of_others(padded)[groups, place])


def _places(groups: IntArray) -> IntArray:
    """[substation] how many of its group come before it."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], groups[order], side="left")
    place = np.empty_like(order)
    place[order] = np.arange(len(order)) - starts
    return place


def _of_others(values: FloatArray) -> FloatArray:
    """Median over the others along the last axis but one."""
    known = np.isfinite(values)
    count, size = known.sum(axis=-2, keepdims=True), values.shape[-2]
    order = np.argsort(values, axis=-2, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-2)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(size)[:, None], order.shape), axis=-2)
    others = count - known
    low, high = np.maximum((others - 1) // 2, 0), np.maximum(others // 2, 0)
    own = np.where(known, rank, size)
    at_low = np.take_along_axis(ordered, np.minimum(low + (low >= own), size - 1), axis=-2)
    at_high = np.take_along_axis(ordered, np.minimum(high + (high >= own), size - 1), axis=-2)
    return np.where(others > 0, (at_low + at_high) / 2.0, np.nan)
