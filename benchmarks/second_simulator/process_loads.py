"""What the customers of a substation draw: blocks of motors that come and go, batches, and weekly habits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from substations.simulation.arrays import Floats, Integers

from .plants import Plants
from .recipe import DAY_S, Recipe, hour_of_day, wander, weekday

# A running induction motor draws magnetising kvar whatever its load, and leakage kvar with the square of it.
_MAGNETISING, _LEAKAGE = 0.42, 0.38


@dataclass(frozen=True, slots=True)
class BaseLoad:
    """[step, substation] at nominal voltage without any fault: motors and all else, kW and kvar.

    phase_share: [step, substation, 3], adds up to 1. loading: [step, substation] kW over the rated kVA.
    resistive: [substation] share of the rest that goes with the square of the voltage.
    """

    motor_kw: Floats
    motor_kvar: Floats
    other_kw: Floats
    other_kvar: Floats
    phase_share: Floats
    loading: Floats
    resistive: Floats


def draw_loads(recipe: Recipe, plants: Plants, ambient_c: Floats) -> BaseLoad:
    """The loads of all substations over the whole record."""
    times_s, n = recipe.times_s(), len(plants.units)
    motor = np.zeros((2, recipe.steps, n))
    other = np.zeros((2, recipe.steps, n))
    loading = np.zeros((recipe.steps, n))
    for number, unit in enumerate(plants.units):
        rng = recipe.rng(2, number)
        use = _HABITS[unit.kind](times_s, ambient_c, rng) * _day_factors(recipe, rng)
        motors, batches = _motors(recipe, use, unit.kind, rng), _batches(recipe, use, unit.kind, rng)
        tan_phi = rng.uniform(0.2, 0.75) + 0.03 * wander(rng, recipe.steps, 1, recipe.step_s, 30)[:, 0]
        rest = use * np.exp(0.012 * rng.normal(size=recipe.steps)) + batches
        scale = unit.peak_pu * unit.rated_kva * 0.92 / np.quantile(rest + motors[0], 0.997)
        motor[:, :, number] = motors * scale
        other[:, :, number] = np.stack([rest, use * tan_phi]) * scale
        loading[:, number] = (motors[0] + rest) * scale / unit.rated_kva
    rng = recipe.rng(3)
    shares = 1 + rng.normal(0, 0.03, (1, n, 3)) + 0.012 * _three(wander(rng, recipe.steps, 3 * n, recipe.step_s, 8))
    shares = shares / shares.sum(axis=-1, keepdims=True)
    return BaseLoad(motor[0], motor[1], other[0], other[1], shares, loading, rng.uniform(0.2, 0.8, n))


def _three(lines: Floats) -> Floats:
    return lines.reshape(len(lines), -1, 3)


def _day_factors(recipe: Recipe, rng: np.random.Generator) -> Floats:
    """Each day a little different from the last, and a slow drift within it."""
    days = rng.lognormal(0, rng.uniform(0.015, 0.05), recipe.days + 1)
    at = np.arange(recipe.steps) * recipe.step_s // DAY_S
    return np.asarray(days[at] * (1 + 0.02 * wander(rng, recipe.steps, 1, recipe.step_s, 3)[:, 0]))


def _shift(times_s: Integers, first: float, last: float, edge_h: float) -> Floats:
    """1 between two hours of the day, with edges this wide; a shift may run over midnight."""
    hour = hour_of_day(times_s)
    inside = (hour - first) % 24
    length = (last - first) % 24 or 24.0
    up = 1 / (1 + np.exp(-np.minimum(inside, 24 - inside + length) / edge_h * 6 + 3))
    down = 1 / (1 + np.exp((inside - length) / edge_h * 6))
    return np.asarray(up * down)


def _work(times_s: Integers, ambient_c: Floats, rng: np.random.Generator) -> Floats:
    """Shifts with a break; Saturday in part; idle lighting and standby at other times."""
    first = rng.uniform(5, 8)
    length = float(rng.choice([9, 10, 16, 17]))
    use = _shift(times_s, first, first + length, rng.uniform(0.3, 1.0))
    noon = first + length / 2 if length < 12 else first + 5
    use = use * (1 - rng.uniform(0.1, 0.35) * np.exp(-(((hour_of_day(times_s) - noon) / 0.4) ** 2)))
    days = np.array([1, 1, 1, 1, rng.uniform(0.85, 1.0), rng.choice([0.1, 0.5]), 0.05])
    floor = rng.uniform(0.08, 0.2)
    return np.asarray(floor + (1 - floor) * use * days[weekday(times_s)])


def _housing(times_s: Integers, ambient_c: Floats, rng: np.random.Generator) -> Floats:
    hour, free = hour_of_day(times_s), weekday(times_s) >= 5
    morning = np.exp(-(((hour - np.where(free, 9.5, 7.2)) / 1.4) ** 2))
    evening = np.exp(-(((hour - rng.uniform(18.5, 20.5)) / 2.3) ** 2))
    noon = np.where(free, 0.35, 0.15) * np.exp(-(((hour - 13) / 2.5) ** 2))
    heating = rng.uniform(0, 0.012) * np.maximum(0, 16 - ambient_c)
    cooling = rng.uniform(0, 0.02) * np.maximum(0, ambient_c - 25)
    return np.asarray(rng.uniform(0.2, 0.35) + 0.3 * morning + 0.6 * evening + noon + heating + cooling)


def _shops(times_s: Integers, ambient_c: Floats, rng: np.random.Generator) -> Floats:
    use = _shift(times_s, rng.uniform(8, 10), rng.uniform(19, 22), 0.7)
    days = np.array([0.9, 0.9, 0.92, 0.95, 1.0, 1.05, rng.choice([0.2, 0.9])])
    return np.asarray(rng.uniform(0.15, 0.3) + 0.65 * use * days[weekday(times_s)] + _warm(ambient_c, rng) * use)


def _offices(times_s: Integers, ambient_c: Floats, rng: np.random.Generator) -> Floats:
    use = _shift(times_s, rng.uniform(6.5, 8.5), rng.uniform(16.5, 19), 1.3) * (weekday(times_s) < 5)
    return np.asarray(rng.uniform(0.12, 0.3) + 0.7 * use + _warm(ambient_c, rng) * use)


def _cold_store(times_s: Integers, ambient_c: Floats, rng: np.random.Generator) -> Floats:
    loading = 0.15 * _shift(times_s, 5, 14, 0.8) * (weekday(times_s) < 6)
    return np.asarray(0.55 + 0.012 * (ambient_c - 15) + loading)


def _pumps(times_s: Integers, ambient_c: Floats, rng: np.random.Generator) -> Floats:
    """Fills tanks at night and for the peaks of the day; every day alike."""
    night = _shift(times_s, rng.uniform(21, 23), rng.uniform(4, 6), 0.3)
    day = _shift(times_s, rng.uniform(9, 11), rng.uniform(12, 15), 0.3)
    return np.asarray(0.2 + 0.65 * night + rng.uniform(0.2, 0.5) * day)


def _warm(ambient_c: Floats, rng: np.random.Generator) -> Floats:
    return np.asarray(rng.uniform(0.005, 0.02) * np.maximum(0, ambient_c - 19))


_HABITS: dict[str, Callable[[Integers, Floats, np.random.Generator], Floats]] = {
    "workshop": _work,
    "process": _work,
    "housing": _housing,
    "shops": _shops,
    "offices": _offices,
    "cold_store": _cold_store,
    "pumps": _pumps,
}
# chosen: motors of a substation over its other load, by what it feeds.
_MOTOR_SHARE = {"workshop": 0.5, "process": 0.4, "cold_store": 0.7, "pumps": 0.8, "shops": 0.2, "offices": 0.15}


def _motors(recipe: Recipe, use: Floats, kind: str, rng: np.random.Generator) -> Floats:
    """[kW and kvar, step] of a block of motors, each on and off by itself while there is work."""
    count = int(rng.integers(5, 16))
    total = np.zeros((2, recipe.steps))
    for rating in rng.dirichlet(np.full(count, 4.0)) * _MOTOR_SHARE.get(kind, 0.1) * rng.uniform(0.6, 1.3):
        run = _renewal(recipe, rng, rng.uniform(600, 5400), rng.uniform(300, 3600))
        is_on = (run % 2 == 0) & (use > rng.uniform(0.25, 0.6))
        load = rng.uniform(0.55, 1.0, run.max() + 1)[run]
        total += rating * is_on * np.stack([load, _MAGNETISING + _LEAKAGE * load**2])
    return total


def _batches(recipe: Recipe, use: Floats, kind: str, rng: np.random.Generator) -> Floats:
    """[step] kW of a furnace or dryer: heat up, hold, empty. Only where there is a process."""
    if kind != "process":
        return np.zeros(recipe.steps)
    stage = _renewal(recipe, rng, rng.uniform(1800, 7200), rng.uniform(3600, 10_800))
    level = np.array([1.0, 0.35, 0.7, 0.1])[stage % 4] * rng.uniform(0.85, 1.1, stage.max() + 1)[stage]
    return np.asarray(rng.uniform(0.15, 0.4) * level * (use > 0.3))


def _renewal(recipe: Recipe, rng: np.random.Generator, on_s: float, off_s: float) -> Integers:
    """[step] number of the stage it is in; stages last gamma-distributed times, by turns around two means."""
    pairs = int(recipe.days * DAY_S / (on_s + off_s) * 1.4) + 30
    lengths = rng.gamma(2.5, 1 / 2.5, (pairs, 2)) * [on_s, off_s]
    ends = np.cumsum(lengths.ravel())
    return np.searchsorted(ends, np.arange(recipe.steps) * recipe.step_s)
