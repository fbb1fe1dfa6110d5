"""Which windows of a record may be learned from, which are kept back, and which are full enough to be judged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

MIN_FILLED = 0.75
"""Chosen: share of a window that must have been measured; what is missing enters a model as its usual value."""


def kept_back(length: int, block: int, share: float) -> BoolArray:
    """[time] rows that no model is fitted on: whole blocks, evenly spread over the record.

    Whole blocks, because the rows of one window are too much alike to be split between learning and judging.

    >>> kept_back(12, block=2, share=0.34).astype(int)
    array([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1])
    """
    if not 0.0 <= share <= 0.5:
        raise ValueError(f"The share of rows kept back must be between 0 and 0.5; received {share}.")
    if block < 1:
        raise ValueError(f"A block needs at least one row; received {block}.")
    number = np.arange(length) // block
    return np.asarray(np.floor((number + 1) * share) > np.floor(number * share))


def filled_windows(present: BoolArray, window: int, least: float = MIN_FILLED) -> BoolArray:
    """[..., time] is True where a window ends in a present row and holds enough present rows ([..., time])."""
    full = (_sums(present.astype(np.int64), window) >= least * window) & present
    full[..., : window - 1] = False
    return np.asarray(full)


def pure_windows(rows: BoolArray, window: int) -> BoolArray:
    """[..., time] is True where all rows of the window that ends here are marked."""
    pure = _sums(rows.astype(np.int64), window) == window
    pure[..., : window - 1] = False
    return np.asarray(pure)


def without_block(ends: BoolArray, start: int, stop: int, window: int) -> BoolArray:
    """The marked window ends [..., time] whose windows hold no row from start up to stop.

    >>> without_block(np.ones(8, dtype=bool), 3, 5, window=2).astype(int)
    array([1, 1, 1, 0, 0, 0, 1, 1])
    """
    outside = ends.copy()
    outside[..., start : stop + window - 1] = False
    return outside


def window_starts(ends: BoolArray, window: int, stride: int) -> list[IntArray]:
    """The first row of every ``stride``-th window of each substation, for marked window ends [substation, time]."""
    return [np.flatnonzero(row)[::stride] - (window - 1) for row in ends]


def _sums(values: npt.NDArray[np.int64], window: int) -> npt.NDArray[np.int64]:
    """Sum over the last ``window`` values, fewer at the start."""
    total: npt.NDArray[np.int64] = np.cumsum(values, axis=-1)
    total[..., window:] = total[..., window:] - total[..., :-window].copy()
    return total
