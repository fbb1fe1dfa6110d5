"""Energies → mean power: of an interval, or the difference of a register that may roll over or start anew."""

from __future__ import annotations

import numpy as np

from ingestion.problems import FloatArray

# A register is far above what is added to it from one reading to the next.
_REGISTER_OVER_STEP = 8.0


_ROLLS_AT = tuple(float(10**n) for n in range(3, 13))  # chosen: registers of three to twelve digits


def is_register(values: FloatArray) -> bool | None:
    """True for a register that only grows, False for an energy per interval, None where that cannot be told."""
    known = values[np.isfinite(values)]
    if len(known) < 3 or not np.any(known != 0):
        return None if np.any(known != 0) else False
    steps = np.diff(known)
    if np.mean(steps < 0) > 0.15:
        return False
    grown = steps[steps > 0]
    if not len(grown):
        return None  # a register that stands still, or the same energy in every interval
    if np.median(known) > _REGISTER_OVER_STEP * np.median(grown) and np.mean(steps >= 0) > 0.85 and len(known) >= 6:
        # An energy that rises slowly for a while looks alike; a register's steps are steady beside its height.
        return True if np.mean(steps >= 0) == 1.0 or np.min(steps) < -0.5 * np.max(known) else None
    return None if np.mean(steps >= 0) > 0.9 else False


def power_of_energy(values: FloatArray, seconds: FloatArray, interval_s: float, *, register: bool) -> FloatArray:
    """Mean power of each interval, in the energy's unit per hour.

    A register gives the difference to the next reading where that is one interval later; over a roll-over as well,
    and nothing across a reset or a gap. ``seconds`` are the times of the rows in ascending order.
    """
    if not register:
        return values * 3600.0 / interval_s
    known = np.flatnonzero(np.isfinite(values))
    out = np.full(len(values), np.nan)
    if len(known) < 2:
        return out
    before, after = values[known[:-1]], values[known[1:]]
    step = after - before
    limits = np.array(_ROLLS_AT)
    limit = limits[np.minimum(np.searchsorted(limits, before, side="right"), len(limits) - 1)]
    usual = float(np.median(step[step >= 0])) if np.any(step >= 0) else 0.0
    rolled = (step < 0) & (before > 0.9 * limit) & (step + limit <= 20 * max(usual, 1e-9))
    step = np.where(rolled, step + limit, step)
    distance = seconds[known[1:]] - seconds[known[:-1]]
    fits = (step >= 0) & (distance <= 1.5 * interval_s) & (distance > 0)
    out[known[:-1]] = np.where(fits, step * 3600.0 / np.where(distance > 0, distance, 1), np.nan)
    return out
