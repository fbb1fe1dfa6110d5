"""From scores per row to episodes with a start and an end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch of abnormal rows: ``start`` (inclusive) to ``stop`` (exclusive), None while it goes on."""

    substation: int
    start: int
    stop: int | None
    peak: int
    score: float


def find_episodes(
    scores: FloatArray,
    threshold: float | FloatArray = 1.0,
    *,
    on_delay: int = 2,
    off_delay: int = 8,
    off_share: float = 0.6,
) -> list[Episode]:
    """Episodes of scores [substation, time], in order of substation and time.

    An episode starts with the ``on_delay``-th row in succession above the threshold and stops with the
    ``off_delay``-th in succession below ``off_share`` of it: between the two levels nothing changes (hysteresis).
    NaN rows are skipped, as if they were not there.

    >>> find_episodes(np.array([[0, 2, 2, 2, 0.7, 0, 0.0]]), on_delay=2, off_delay=2)
    [Episode(substation=0, start=2, stop=6, peak=2, score=2.0)]
    """
    if scores.ndim != 2:
        raise ValueError(f"scores must have the shape [substation, time]; received {scores.shape}.")
    if on_delay < 1 or off_delay < 1 or not 0.0 < off_share <= 1.0:
        raise ValueError(
            "Expected delays of at least one row and 0 < off_share <= 1; received "
            f"on_delay {on_delay}, off_delay {off_delay}, off_share {off_share}."
        )
    limits = np.broadcast_to(np.asarray(threshold, dtype=np.float64), (len(scores),))
    found: list[Episode] = []
    for substation, (row, limit) in enumerate(zip(scores, limits, strict=True)):
        found += _episodes(substation, row, float(limit), on_delay, off_delay, off_share)
    return found


def _episodes(
    substation: int, row: FloatArray, limit: float, on_delay: int, off_delay: int, off_share: float
) -> list[Episode]:
    rows = np.flatnonzero(np.isfinite(row))
    known = row[rows]
    states = _states(_run_of(known > limit) >= on_delay, _run_of(known < off_share * limit) >= off_delay)
    edges = np.diff(np.concatenate([[False], states]).astype(np.int8))
    starts, stops = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    found = []
    for number, start in enumerate(starts):
        stop = int(stops[number]) if number < len(stops) else None
        peak = int(start + known[start:stop].argmax())
        until = int(rows[stop]) if stop is not None else None
        found.append(Episode(substation, int(rows[start]), until, int(rows[peak]), float(known[peak])))
    return found


def _run_of(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many rows in succession, this one included, are marked."""
    index = np.arange(1, len(mask) + 1)
    return np.asarray(index - np.maximum.accumulate(np.where(mask, 0, index)))


def _states(on: npt.NDArray[np.bool_], off: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """On after the latest ``on``, off after the latest ``off``."""
    index = np.arange(1, len(on) + 1)
    last_on = np.maximum.accumulate(np.where(on, index, 0))
    return np.asarray(last_on > np.maximum.accumulate(np.where(off, index, 0)))
