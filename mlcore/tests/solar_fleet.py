"""The made-up fleet with solar plants behind its meters: what the sun hides of a load, and faults beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .made_fleet import Load

DAY_H = 24.0


def sun(hours: np.ndarray, seed: int = 3) -> np.ndarray:
    """[time] output over the peak: highest at noon, from six to eighteen o'clock, under clouds of one day in three."""
    rng = np.random.default_rng(seed)
    days = int(hours[-1] // DAY_H) + 1
    sky = rng.choice([1.0, 0.95, 0.25], days)[(hours // DAY_H).astype(int)]
    flicker = np.where(sky < 1.0, np.exp(0.15 * rng.standard_normal(len(hours))), 1.0)
    return np.asarray(np.clip(np.sin(np.pi * (hours % DAY_H - 6.0) / 12.0), 0.0, None) ** 1.2 * sky * flicker)


def solar(peak_pu: float, from_h: float, rows: slice | int = slice(None)) -> Callable[[Load], None]:
    """A plant of a share of the rating from an hour on: P falls, Q stays."""

    def change(load: Load) -> None:
        load.active[rows] -= peak_pu * sun(load.hours) * (load.hours >= from_h)

    return change


def all_of(*changes: Callable[[Load], None]) -> Callable[[Load], None]:
    def change(load: Load) -> None:
        for each in changes:
            each(load)

    return change
