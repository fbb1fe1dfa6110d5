"""Trailing windows over [..., time] arrays with missing values; nothing here looks ahead.

Inside ``with memory:`` the arrays hold new steps alone, and the windows reach back into those judged before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mlcore.diagnosis.history import Recurrent, with_past
from substations.electrical.power import BoolArray, FloatArray
from substations.electrical.thermal import first_order_lag

IntArray = npt.NDArray[np.int64]

MIN_FILLED = 0.34
FEW_COLUMNS = 4
"""So few new steps are summed one by one: running sums over all earlier ones would cost more."""

_MEDIAN_POINTS = 9


def shifted(values: FloatArray, steps: int) -> FloatArray:
    """The values ``steps`` earlier; NaN where there was nothing yet."""
    whole, past = with_past(values, steps)
    return _moved(whole, steps)[..., past:]


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


def _tail_sums(values: FloatArray, steps: int, past: int) -> FloatArray:
    """The sums of the columns after ``past``; a few of them are added up alone."""
    count = values.shape[-1] - past
    if not past or count > FEW_COLUMNS:
        return _sums(values, steps)[..., past:]
    ends = range(past + 1, values.shape[-1] + 1)
    return np.stack([values[..., max(end - steps, 0) : end].sum(axis=-1) for end in ends], axis=-1)


def window_mean(values: FloatArray, steps: int, least_filled: float = MIN_FILLED) -> FloatArray:
    """Mean of what is present in the last ``steps`` values; NaN where too little is.

    At the start of the record the window is as long as the record is.
    """
    whole, past = with_past(values, steps - 1)
    present = np.isfinite(whole)
    count = _tail_sums(present.astype(np.float64), steps, past)
    total = _tail_sums(np.where(present, whole, 0.0), steps, past)
    length = np.minimum(np.arange(past + 1, whole.shape[-1] + 1), steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((count >= least_filled * length) & (count > 0), total / count, np.nan)


def window_any(mask: BoolArray, steps: int) -> BoolArray:
    """True where the mask was True in the last ``steps`` steps, this one included."""
    whole, past = with_past(mask, steps - 1)
    index = np.arange(whole.shape[-1])
    last = np.maximum.accumulate(np.where(whole, index, -steps - 1), axis=-1)
    return np.asarray((index - last < steps)[..., past:])


def window_median(values: FloatArray, steps: int) -> FloatArray:
    """Median of what is present in the last ``steps`` values; long windows are sampled at nine points."""
    whole, past = with_past(values, steps - 1)
    offsets = np.unique(np.linspace(0, steps - 1, min(steps, _MEDIAN_POINTS)).round().astype(int))
    points = [_moved(whole, int(offset))[..., past:] if offset else values for offset in offsets]
    return nan_median(np.stack(points, axis=-1))


def window_range(values: FloatArray, steps: int) -> FloatArray:
    """Largest less smallest of the last ``steps`` values by doubling; NaN where one is missing."""
    whole, past = with_past(values, steps - 1)
    high = low = whole
    reach = 1
    while reach < steps:
        hop = min(reach, steps - reach)
        high, low = np.maximum(high, _moved(high, hop)), np.minimum(low, _moved(low, hop))
        reach += hop
    return (high - low)[..., past:]


def steps_since(mask: BoolArray) -> FloatArray:
    """Steps since the mask was True, 0 where it is, infinite where it never was."""
    count = Recurrent(np.empty(mask.shape))
    index = np.arange(mask.shape[-1], dtype=np.float64)
    last = np.maximum.accumulate(np.where(mask, index, -np.inf), axis=-1)
    return count.keep(np.where(np.isfinite(last), index - last, count.last(np.inf) + index + 1.0))


def sum_since(amount: FloatArray, reset: BoolArray) -> FloatArray:
    """Running sum of amounts, none of them negative, that starts again at every reset."""
    running = Recurrent(amount)
    total = np.cumsum(amount, axis=-1) + running.last(0.0)
    base = np.maximum.accumulate(np.where(reset, total, 0.0), axis=-1)
    return running.keep(np.asarray(total - base))


def least_so_far(values: FloatArray) -> FloatArray:
    """Smallest of all values up to each step; infinite where there was none."""
    least = Recurrent(values)
    filled = np.minimum.accumulate(np.where(np.isnan(values), np.inf, values), axis=-1)
    return least.keep(np.minimum(filled, least.last(np.inf)))


def first_order(values: FloatArray, interval_s: float, time_constant_s: FloatArray | float) -> FloatArray:
    """Response of a first-order system (``thermal.first_order_lag``) that goes on from where it was."""
    state = Recurrent(values)
    start = np.broadcast_to(state.last(np.nan), (*values.shape[:-1], 1))
    start = np.where(np.isfinite(start), start, values[..., :1])
    whole = first_order_lag(np.concatenate([start, values], axis=-1), interval_s, time_constant_s)
    return state.keep(whole[..., 1:])


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


def held(values: FloatArray, steps: int) -> FloatArray:
    """Fill gaps with the last value, for at most ``steps`` steps."""
    whole, past = with_past(values, steps)
    return _filled(whole, steps)[..., past:]


def held_on(values: FloatArray) -> FloatArray:
    """Fill gaps with the last value, however long they are."""
    state = Recurrent(values)
    whole = np.concatenate([state.last(np.nan), values], axis=-1)
    return state.keep(_filled(whole, whole.shape[-1])[..., 1:])


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
