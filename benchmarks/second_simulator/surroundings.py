"""What comes from outside: air, sun, the voltage of the source and its frequency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from substations.simulation.arrays import Floats

from .recipe import Recipe, hour_of_day, wander


@dataclass(frozen=True, slots=True)
class Surroundings:
    """[step] each. sun: 0 to 1."""

    ambient_c: Floats
    sun: Floats
    source_pu: Floats
    frequency_hz: Floats


def draw_surroundings(recipe: Recipe, nominal_hz: float) -> Surroundings:
    """Weather fronts of days, cloudy days, and a source that some sets regulate in steps."""
    rng, steps, step_s = recipe.rng(6), recipe.steps, recipe.step_s
    hour = hour_of_day(recipe.times_s())
    fronts = wander(rng, steps, 1, step_s, 60)[:, 0]
    clear = 1 / (1 + np.exp(-2 * wander(rng, steps, 1, step_s, 14)[:, 0]))
    daily = rng.uniform(3, 7) * np.cos(2 * np.pi * (hour - 15) / 24) * (0.5 + 0.5 * clear)
    ambient = rng.uniform(4, 28) + 3 * fronts + daily + 0.3 * wander(rng, steps, 1, step_s, 1)[:, 0]
    sun = np.maximum(0, np.sin(np.pi * (hour - 6) / 12)) * clear
    slow = 0.006 * wander(rng, steps, 1, step_s, 6)[:, 0] - 0.006 * np.exp(-(((hour - 19.5) / 2.5) ** 2))
    if rng.random() < 0.5:
        slow = np.round(slow / 0.0125) * 0.0125 + 0.3 * slow  # a tap changer upstream
    source = rng.uniform(0.995, 1.02) + slow + 0.0008 * rng.normal(size=steps)
    frequency = nominal_hz + 0.02 * wander(rng, steps, 1, step_s, 0.3)[:, 0]
    return Surroundings(ambient, sun, source, frequency)
