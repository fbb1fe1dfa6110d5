"""From loads and causes to what flows: controllers first, then the sweep, then heat and losses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from substations.simulation.arrays import Floats, Integers

from .bank_controllers import SwitchedBank, Switching, draw_banks, switched_kvar
from .fault_forms import Causes, SimulatedIncident, causes_of
from .feeder_sweep import BASE_KVA, TAP_PU, RadialGrid, SweepResult
from .harmonic_sources import harmonic_currents, mixes, usual_harmonics
from .oil_and_loss import ORDERS, LossPowers, ThermalUnits, draw_thermal, heating_square, losses_of, top_oil
from .plants import Plants, draw_plants
from .process_loads import BaseLoad, draw_loads
from .recipe import Recipe
from .surroundings import Surroundings, draw_surroundings

BLOCK_STEPS = 2_000  # bounds the memory of a sweep: about 1 MB for each of its arrays
_BACKGROUND_THD = 0.012


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened, [step, substation] and where named [..., phase]; thd as shares of the fundamental."""

    kw: Floats
    kvar: Floats
    current_a: Floats  # [step, substation, phase], fundamental
    line_v: Floats  # [step, substation, pair]
    thd_current: Floats  # [step, substation, phase]
    thd_voltage: Floats
    oil_c: Floats
    bank_kvar: Floats
    level: Integers
    losses: LossPowers
    switching: tuple[Sequence[Switching], ...]  # per substation, before each step


class SecondGrid:
    """A set before anything goes wrong: what stands there, what it draws, what surrounds it."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.plants: Plants = draw_plants(recipe)
        self.around: Surroundings = draw_surroundings(recipe, self.plants.hz)
        self.load: BaseLoad = draw_loads(recipe, self.plants, self.around.ambient_c)
        self.banks: tuple[SwitchedBank, ...] = draw_banks(recipe, self.plants, self.load)
        self.thermal: ThermalUnits = draw_thermal(recipe, self.plants)
        self.usual_thd = usual_harmonics(recipe, self.plants, self.load)
        self.mix = mixes(self.plants)
        self.radial = RadialGrid(self.plants)
        self.times_s = recipe.times_s()

    @cached_property
    def base_tap(self) -> Integers:
        """Off-load taps that bring the mean low voltage near 1.0."""
        kw, kvar = (
            (motor + other).mean(axis=0)[None, :, None] / 3 * np.ones(3)
            for motor, other in ((self.load.motor_kw, self.load.other_kw), (self.load.motor_kvar, self.load.other_kvar))
        )
        n = len(self.plants.units)
        swept = self.radial.sweep(
            np.array([self.around.source_pu.mean()]),
            kw,
            kvar / 2,
            0 * kvar,
            np.zeros((1, n), dtype=int),
            self.load.resistive,
        )
        return np.asarray(np.round((1.005 - np.abs(swept.low_v).mean(axis=-1)[0]) / TAP_PU).astype(int))

    def run(self, incidents: Iterable[SimulatedIncident], first: int, stop: int, before: Trace | None = None) -> Trace:
        """Steps first to stop with these incidents; ``before`` is a run over the whole record to start from."""
        cut = slice(first, stop)
        n = len(self.plants.units)
        causes = causes_of(incidents, self.times_s[cut], n)
        kw = self._kind("kw", cut, causes) + causes.extra_kw
        kvar = self._kind("kvar", cut, causes) + causes.extra_kvar
        bank, level, switching = self._switch(kw, kvar, causes, cut, before)
        oil = self._starting_oil(before, first)
        parts = []
        for start in range(0, stop - first, BLOCK_STEPS):
            block = slice(start, min(start + BLOCK_STEPS, stop - first))
            part = self._block(kw, kvar, bank, causes, block, first, oil)
            parts.append(part)
            oil = part["oil_c"][-1]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        losses = LossPowers(**{field.name: joined.pop(field.name) for field in fields(LossPowers)})
        return Trace(losses=losses, bank_kvar=bank, level=level, switching=switching, **joined)

    def _kind(self, unit: str, cut: slice, causes: Causes) -> Floats:
        motor, other = getattr(self.load, f"motor_{unit}")[cut], getattr(self.load, f"other_{unit}")[cut]
        return np.asarray(motor * causes.motor_gain + other * causes.other_gain)

    def _switch(
        self, kw: Floats, kvar: Floats, causes: Causes, cut: slice, before: Trace | None
    ) -> tuple[Floats, Integers, tuple[Sequence[Switching], ...]]:
        bank, level, states = np.zeros_like(kw), np.zeros(kw.shape, dtype=int), []
        is_on = causes.is_energised & (causes.motor_gain * causes.other_gain > 0)
        tap = 1 + TAP_PU * self.base_tap
        health = causes.health * np.where(causes.open_phase > 0, 2 / 3, 1.0)
        for number, unit in enumerate(self.plants.units):
            state = before.switching[number][cut.start] if before else Switching()
            stiffness = unit.rated_kva / (unit.impedance_pct / 100)
            bank[:, number], level[:, number], reached = switched_kvar(
                self.banks[number], kw[:, number], kvar[:, number], self.around.source_pu[cut] * tap[number] - 0.015,
                stiffness, causes.dead_units[:, number], health[:, number], is_on[:, number], self.times_s[cut],
                self.recipe.step_s, state,
            )  # fmt: skip
            states.append(reached)
        return bank, level, tuple(states)

    def _starting_oil(self, before: Trace | None, first: int) -> Floats:
        if before is None or first == 0:
            return np.asarray(self.around.ambient_c[0] + 0.4 * self.thermal.top_oil_rise_k)
        return np.asarray(before.oil_c[first - 1])

    def _block(
        self, kw: Floats, kvar: Floats, bank: Floats, causes: Causes, block: slice, first: int, oil: Floats
    ) -> dict[str, Floats]:
        at = slice(first + block.start, first + block.stop)
        share = self.load.phase_share[at]
        phase_kw = kw[block][..., None] * share
        moved = causes.phase_kw[block]
        movable_kw = phase_kw.min(axis=-1, keepdims=True) * 1.8
        moved = moved * np.minimum(1, movable_kw / np.maximum(np.abs(moved).max(axis=-1, keepdims=True), 1e-9))
        banked = _by_phase(bank[block], causes.open_phase[block])
        tap = self.base_tap + causes.tap[block]
        swept = self.radial.sweep(
            self.around.source_pu[at],
            phase_kw + moved,
            kvar[block][..., None] * share,
            banked,
            tap,
            self.load.resistive,
        )
        return self._outcome(swept, _cut(causes, block), bank[block], at, oil)

    def _outcome(self, swept: SweepResult, causes: Causes, bank: Floats, at: slice, oil: Floats) -> dict[str, Floats]:
        plants, rated = self.plants, self.plants.array("rated_kva")
        harmonics = harmonic_currents(self.usual_thd[at], self.mix, causes, bank, plants)
        current_pu = np.abs(swept.low_a_pu) * BASE_KVA / rated[None, :, None]
        alive = causes.is_energised
        surroundings = (self.around.ambient_c[at] + causes.ambient_k)[:, None] + self.thermal.sun_k * self.around.sun[
            at
        ][:, None]
        heat = heating_square((current_pu**2).mean(axis=-1), harmonics, self.thermal)
        oil_c = top_oil(oil, heat, surroundings, causes.hindrance, alive, plants, self.thermal, self.recipe.step_s)
        losses = losses_of(swept, harmonics, oil_c, alive, plants, self.thermal, self.radial.carries, BASE_KVA)
        distorted = np.sqrt((harmonics**2).sum(axis=-1))[..., None]
        reactance_pu = ORDERS * plants.array("impedance_pct")[:, None] / 100
        drop = np.sqrt(((harmonics * reactance_pu) ** 2).sum(axis=-1))
        line = np.abs(swept.low_v - np.roll(swept.low_v, -1, axis=-1)) / np.sqrt(3)
        return {
            "kw": swept.kw.sum(axis=-1),
            "kvar": swept.kvar.sum(axis=-1),
            "current_a": current_pu * rated[None, :, None] * 1000 / (np.sqrt(3) * plants.lv_v),
            "line_v": line * plants.lv_v * alive[..., None],
            "thd_current": np.where(current_pu > 1e-4, distorted / np.maximum(current_pu, 1e-4), 0.0),
            "thd_voltage": np.hypot(drop, _BACKGROUND_THD)[..., None] * alive[..., None] * np.ones(3),
            "oil_c": oil_c,
            **{field.name: getattr(losses, field.name) for field in fields(LossPowers)},
        }


def _by_phase(bank_kvar: Floats, open_phase: Integers) -> Floats:
    """[step, substation, phase] of a bank; a blown fuse leaves its phase without."""
    whole = np.repeat(bank_kvar[..., None] / 3, 3, axis=-1)
    is_open = open_phase[..., None] == np.arange(1, 4)
    return np.where(open_phase[..., None] > 0, np.where(is_open, 0.0, whole * 1.5), whole)


def _cut(causes: Causes, block: slice) -> Causes:
    return Causes(**{field.name: getattr(causes, field.name)[block] for field in fields(Causes)})
