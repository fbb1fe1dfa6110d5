"""The grid that stands there: transformers, lines, banks and their controllers, drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from substations.simulation.arrays import Floats, Integers

from .recipe import Recipe

SIZES_KVA = (100, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500)
KINDS = ("workshop", "process", "housing", "shops", "offices", "cold_store", "pumps")
CONTROLLERS = ("fixed", "kvar_target", "power_factor", "schedule", "voltage", "none")
# chosen: automatic banks prevail in industry, fixed ones in distribution; voltage control is rare on the low side.
CONTROLLER_SHARES = (0.28, 0.22, 0.24, 0.10, 0.08, 0.08)
HV_LEVELS_V = (6_600.0, 10_000.0, 11_000.0, 13_800.0, 20_000.0, 22_000.0, 33_000.0)
LV_LEVELS_V = (400.0, 415.0, 433.0, 480.0)


@dataclass(frozen=True, slots=True)
class PlateAndUnit:
    """One substation: what its plate says and, within a few per cent, what the real unit is."""

    code: str
    kind: str
    rated_kva: float
    plate_no_load_w: float
    plate_load_w: float
    no_load_w: float
    load_w: float
    impedance_pct: float
    peak_pu: float
    parent: int  # index of the substation that feeds it, -1 for the source
    feeder: str
    r_ohm: float
    x_ohm: float
    length_km: float
    has_fans: bool


@dataclass(frozen=True, slots=True)
class Plants:
    """The substations of a set and how they hang together."""

    hv_v: float
    lv_v: float
    hz: float
    units: tuple[PlateAndUnit, ...]
    open_tie: tuple[int, int] | None

    def array(self, name: str) -> Floats:
        """One figure of all substations, [substation]."""
        return np.array([getattr(unit, name) for unit in self.units], dtype=float)

    def downstream(self) -> Floats:
        """[substation, segment] 1 where the segment into a substation carries this one's current."""
        n = len(self.units)
        carries = np.zeros((n, n))
        for number in range(n):
            at = number
            while at >= 0:
                carries[number, at] = 1.0
                at = self.units[at].parent
        return carries


def draw_plants(recipe: Recipe) -> Plants:
    """Transformers of 100 to 2500 kVA on one to four feeders, whose drop at usual load is 1.5 to 5 %."""
    rng = recipe.rng(1)
    n = recipe.substations
    hv_v, lv_v = float(rng.choice(HV_LEVELS_V)), float(rng.choice(LV_LEVELS_V))
    middle = rng.uniform(3, len(SIZES_KVA) - 4)
    picks = np.clip(np.round(rng.normal(middle, 2.6, n)), 0, len(SIZES_KVA) - 1).astype(int)
    rated = np.array(SIZES_KVA, dtype=float)[picks]
    parents, feeders = _tree(n, rng)
    lengths = rng.uniform(0.3, 2.2, n)
    r_per_km, x_per_km = rng.uniform(0.15, 0.65, n), rng.uniform(0.28, 0.4, n)
    lengths *= _length_factor(rated, parents, lengths * r_per_km, hv_v, rng.uniform(0.015, 0.05))
    units = tuple(
        _unit(rng, number, rated[number], int(parents[number]), int(feeders[number]), lengths[number],
              r_per_km[number], x_per_km[number])
        for number in range(n)
    )  # fmt: skip
    ends = [max(np.flatnonzero(feeders == feeder)) for feeder in np.unique(feeders)]
    ties = [(int(a), int(b)) for a, b in pairwise(ends)]
    return Plants(hv_v, lv_v, 60.0 if lv_v == 480.0 else 50.0, units, ties[0] if ties and rng.random() < 0.5 else None)


def _unit(
    rng: np.random.Generator, number: int, rated: float, parent: int, feeder: int, km: float, r: float, x: float
) -> PlateAndUnit:
    # Catalogue losses of oil-immersed units follow the 3/4 power of the rating (similar machines: volume over surface).
    no_load = round(8.2 * rated**0.75 * rng.uniform(0.8, 1.2), -1)
    load = round(52.0 * rated**0.75 * rng.uniform(0.85, 1.2), -1)
    return PlateAndUnit(
        code=f"TS{number + 1:02d}",
        kind=str(rng.choice(KINDS)),
        rated_kva=float(rated),
        plate_no_load_w=no_load,
        plate_load_w=load,
        no_load_w=no_load * rng.uniform(0.96, 1.05),
        load_w=load * rng.uniform(0.96, 1.04),
        impedance_pct=4.0 if rated <= 400 else float(rng.choice([4.5, 5.0, 6.0])),
        peak_pu=float(rng.uniform(0.45, 0.9)),
        parent=parent,
        feeder=f"L{feeder + 1}",
        r_ohm=round(r * km, 4),
        x_ohm=round(x * km, 4),
        length_km=round(km, 3),
        has_fans=bool(rated >= 1000 and rng.random() < 0.6),
    )


def _tree(n: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Parent and feeder of each substation: mostly a chain, with a branch here and there."""
    feeder_count = int(rng.integers(1, min(4, n) + 1))
    feeders = np.sort(rng.integers(0, feeder_count, n))
    parents = np.full(n, -1)
    for feeder in np.unique(feeders):
        members = np.flatnonzero(feeders == feeder)
        for place, number in enumerate(members[1:], start=1):
            back = 1 if rng.random() < 0.75 else int(rng.integers(1, place + 1))
            parents[number] = members[place - back]
    return parents, feeders


def _length_factor(rated: Floats, parents: Integers, r_ohm: Floats, hv_v: float, drop_pu: float) -> float:
    """What the lengths are multiplied by so that the deepest point drops this much at 60 % load."""
    carried = rated * 0.6
    for number in range(len(rated) - 1, -1, -1):
        if parents[number] >= 0:
            carried[parents[number]] += carried[number]
    drops = 1.3 * r_ohm * carried * 1000 / hv_v**2
    for number, parent in enumerate(parents):
        if parent >= 0:
            drops[number] += drops[parent]
    return float(drop_pu / drops.max())
