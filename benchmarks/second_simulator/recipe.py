"""What to simulate, checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from substations.simulation.arrays import Floats, Integers

DAY_S = 86_400
# Steps of the simulation within one reading: what switches faster than the meter reports is averaged, as in a meter.
_STEP_MIN = {5: 1, 10: 2, 15: 3, 30: 5, 60: 5}
TRAIN_SHARE = 0.6  # as in the other benchmark folders


class RecipeError(ValueError):
    """What was asked for cannot be simulated."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Seed and size of a set. The clock is local and has no daylight saving.

    Raises RecipeError where a value is out of range.
    """

    seed: int
    substations: int = 12
    days: int = 60
    interval_min: int = 15
    start: datetime = datetime(2025, 3, 3)  # noqa: DTZ001 - the meter's own clock

    def __post_init__(self) -> None:
        if self.interval_min not in _STEP_MIN:
            raise RecipeError(f"Received an interval of {self.interval_min} min; expected one of {sorted(_STEP_MIN)}.")
        for name, low, high in (("seed", 0, 2**32), ("substations", 1, 200), ("days", 10, 400)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise RecipeError(f"Received {name} {value}; expected {low} to {high}.")

    @property
    def step_s(self) -> int:
        """Seconds between two steps of the simulation."""
        return _STEP_MIN[self.interval_min] * 60

    @property
    def steps_per_reading(self) -> int:
        return self.interval_min * 60 // self.step_s

    @property
    def steps(self) -> int:
        return self.days * DAY_S // self.step_s

    @property
    def start_s(self) -> int:
        """Epoch seconds of the local clock, taken as if it were UTC."""
        return int(self.start.replace(tzinfo=UTC).timestamp())

    @property
    def end_s(self) -> int:
        return self.start_s + self.days * DAY_S

    @property
    def train_end_s(self) -> int:
        return self.start_s + int(self.days * TRAIN_SHARE) * DAY_S

    def times_s(self) -> Integers:
        """[step] epoch seconds at which each step begins."""
        return np.asarray(self.start_s + self.step_s * np.arange(self.steps, dtype=np.int64))

    def index(self, at_s: float) -> int:
        """The step that holds a moment."""
        return int(at_s - self.start_s) // self.step_s

    def rng(self, *stream: int) -> np.random.Generator:
        """Random numbers of one subject: what one subject draws does not move another's."""
        return np.random.default_rng([self.seed, 7_700, *stream])


def hour_of_day(times_s: Integers) -> Floats:
    return np.asarray((times_s % DAY_S) / 3600.0)


def weekday(times_s: Integers) -> Integers:
    """0 is Monday."""
    return np.asarray((times_s // DAY_S + 3) % 7)


def wander(rng: np.random.Generator, steps: int, n: int, step_s: int, hours: float) -> Floats:
    """[step, n] smooth random lines of about unit spread: knots every so many hours, joined by cosines."""
    every = max(1, round(hours * 3600 / step_s))
    knots = rng.normal(size=(steps // every + 2, n))
    at = np.arange(steps) / every
    left = at.astype(int)
    share = (1 - np.cos(np.pi * (at - left)))[:, None] / 2
    return np.asarray((knots[left] * (1 - share) + knots[left + 1] * share) * 1.15)
