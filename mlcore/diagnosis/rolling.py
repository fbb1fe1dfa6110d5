"""Trailing windows over [..., time] arrays with missing values; nothing here looks ahead."""

from __future__ import annotations

import numpy as np

from substations.electrical.power import BoolArray, FloatArray

LEAST_FILLED = 0.34
_MEDIAN_POINTS = 9


def shifted(values: FloatArray, steps: int) -> FloatArray:
    """The values ``steps`` earlier; NaN where there was nothing yet."""
    earlier = np.full_like(values, np.nan)
    if steps < values.shape[-1]:
        earlier[..., steps:] = values[..., : values.shape[-1] - steps]
    return earlier


def window_sum(values: FloatArray, steps: int) -> FloatArray:
    """Sum over the last ``steps`` values (fewer at the start); no NaN allowed."""
    total = np.cumsum(values, axis=-1)
    total[..., steps:] = total[..., steps:] - total[..., :-steps].copy()
    return total


def window_mean(values: FloatArray, steps: int, least_filled: float = LEAST_FILLED) -> FloatArray:
    """Mean of what is present in the last ``steps`` values; NaN where too little is.

    At the start of the record the window is as long as the record is.
    """
    present = np.isfinite(values)
    count = window_sum(present.astype(np.float64), steps)
    total = window_sum(np.where(present, values, 0.0), steps)
    length = np.minimum(np.arange(1, values.shape[-1] + 1), steps)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((count >= least_filled * length) & (count > 0), total / count, np.nan)


def window_any(mask: BoolArray, steps: int) -> BoolArray:
    """True where the mask was True in the last ``steps`` steps, this one included."""
    index = np.arange(mask.shape[-1])
    last = np.maximum.accumulate(np.where(mask, index, -steps - 1), axis=-1)
    return np.asarray(index - last < steps)


def window_median(values: FloatArray, steps: int) -> FloatArray:
    """Median of what is present in the last ``steps`` values; long windows are sampled at nine points."""
    offsets = np.unique(np.linspace(0, steps - 1, min(steps, _MEDIAN_POINTS)).round().astype(int))
    return nan_median(np.stack([shifted(values, int(offset)) if offset else values for offset in offsets], axis=-1))


def window_range(values: FloatArray, steps: int) -> FloatArray:
    """Largest less smallest of the last ``steps`` values by doubling; NaN where one is missing."""
    high = low = values
    reach = 1
    while reach < steps:
        hop = min(reach, steps - reach)
        high, low = np.maximum(high, shifted(high, hop)), np.minimum(low, shifted(low, hop))
        reach += hop
    return high - low


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
    index = np.arange(values.shape[-1])
    last = np.maximum.accumulate(np.where(np.isfinite(values), index, -1), axis=-1)
    filled = np.take_along_axis(values, np.maximum(last, 0), axis=-1)
    return np.where((last >= 0) & (index - last <= steps), filled, np.nan)


def median_of_others(values: FloatArray) -> FloatArray:
    """[substation, time]: median over all other substations of what they have at this step."""
    count = np.isfinite(values).sum(axis=0)
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(len(values))[:, None], order.shape), axis=0)
    others = count[None, :] - np.isfinite(values)
    low, high = np.maximum((others - 1) // 2, 0), np.maximum(others // 2, 0)
    own = np.where(np.isfinite(values), rank, len(values))
    last = len(values) - 1
    at_low = np.take_along_axis(ordered, np.minimum(low + (low >= own), last), axis=0)
    at_high = np.take_along_axis(ordered, np.minimum(high + (high >= own), last), axis=0)
    return np.where(others > 0, (at_low + at_high) / 2.0, np.nan)
