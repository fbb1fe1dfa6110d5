"""Capacitor banks and five ways to switch them: fixed, by kvar, by power factor, by the clock, by voltage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from substations.simulation.arrays import Flags, Floats, Integers

from .plants import CONTROLLER_SHARES, CONTROLLERS, Plants
from .process_loads import BaseLoad
from .recipe import Recipe, hour_of_day, weekday

# Quantile of the load's kvar and factors on it, between which a bank is sized; by controller.
_SIZES = {"fixed": (0.25, 0.6, 1.05), "schedule": (0.5, 0.7, 1.0), "voltage": (0.5, 0.8, 1.1)}
# A power-factor controller switches in beyond this part of the smallest step and out below minus the other part.
_IN_STEPS, _OUT_STEPS = 0.85, 0.25


@dataclass(frozen=True, slots=True)
class SwitchedBank:
    """A bank of units and what switches them.

    units_kvar: at nominal voltage, in the order of switching; a binary bank has units in the ratio 1 : 2 : 4.
    up, down: of the controlled quantity, where a step goes in and out. delay_s: how long it has to stay there.
    """

    controller: str
    plate_kvar: float
    units_kvar: tuple[float, ...]
    is_binary: bool
    up: float
    down: float
    delay_s: float
    hours: tuple[float, float]

    @property
    def levels(self) -> int:
        """Highest number of steps."""
        return 2 ** len(self.units_kvar) - 1 if self.is_binary else len(self.units_kvar)

    def connected(self, level: int) -> list[bool]:
        """Which units are on at a level."""
        if self.is_binary:
            return [bool(level >> bit & 1) for bit in range(len(self.units_kvar))]
        return [place < level for place in range(len(self.units_kvar))]

    def kvar_by_level(self, dead_units: int) -> list[float]:
        """kvar at each level; dead_units > 0 counts from the first unit, < 0 from the last."""
        count = len(self.units_kvar)
        alive = [place >= dead_units if dead_units >= 0 else place < count + dead_units for place in range(count)]
        return [
            sum(k for k, on, ok in zip(self.units_kvar, self.connected(level), alive, strict=True) if on and ok)
            for level in range(self.levels + 1)
        ]


@dataclass(slots=True)
class Switching:
    """Where a controller stands: its level, and how long a change has been wanted (negative: down)."""

    level: int = 0
    wanted_s: float = 0.0


def draw_banks(recipe: Recipe, plants: Plants, load: BaseLoad) -> tuple[SwitchedBank, ...]:
    """One bank per substation, sized by its own load, sometimes poorly."""
    banks = []
    for number in range(len(plants.units)):
        rng = recipe.rng(4, number)
        kvar = load.motor_kvar[:, number] + load.other_kvar[:, number]
        banks.append(_draw_bank(rng, str(rng.choice(CONTROLLERS, p=CONTROLLER_SHARES)), kvar))
    return tuple(banks)


def _draw_bank(rng: np.random.Generator, controller: str, kvar: Floats) -> SwitchedBank:
    if controller == "none":
        return SwitchedBank("none", 0.0, (), False, 0.0, 0.0, 0.0, (0.0, 0.0))
    is_constant = controller in ("fixed", "schedule")
    # What is never switched off must not lead most of the time: the sign of its kvar would be in doubt.
    quantile, low, high = _SIZES.get(controller, (0.97, 0.85, 1.25))
    wanted = max(float(np.quantile(kvar, quantile)) * rng.uniform(low, high), 5.0)
    is_binary = not is_constant and rng.random() < 0.25
    count = 1 if is_constant else 3 if is_binary else int(rng.integers(3, 9))
    weights = np.array([1.0, 2.0, 4.0]) if is_binary else np.ones(count)
    unit = max(2.5, round(wanted / weights.sum() / 2.5) * 2.5)
    real = unit * weights * rng.uniform(0.96, 1.01, count)
    up, down = _limits(rng, controller, float(real.min()))
    return SwitchedBank(
        controller, float(unit * weights.sum()), tuple(map(float, real)), is_binary, up, down,
        float(rng.choice([20, 60, 180, 300, 600])), (float(rng.uniform(5, 8)), float(rng.uniform(17, 22))),
    )  # fmt: skip


def _limits(rng: np.random.Generator, controller: str, step_kvar: float) -> tuple[float, float]:
    if controller == "kvar_target":
        middle, half = rng.uniform(0.45, 0.85) * step_kvar, rng.uniform(0.55, 0.9) * step_kvar
        return middle + half, middle - half
    if controller == "power_factor":
        return np.tan(np.arccos(rng.uniform(0.94, 0.98))), -rng.uniform(0.0, 0.08)
    middle, half = rng.uniform(0.985, 1.015), rng.uniform(0.008, 0.02)
    return middle - half, middle + half


def switched_kvar(
    bank: SwitchedBank,
    load_kw: Floats,
    load_kvar: Floats,
    supply_pu: Floats,
    stiffness_kvar: float,
    dead_units: Integers,
    health: Floats,
    is_on: Flags,
    times_s: Integers,
    step_s: int,
    state: Switching,
) -> tuple[Floats, Integers, list[Switching]]:
    """kvar and level of one bank at each step, and where its controller stood before each.

    supply_pu: [step] voltage behind the transformer; stiffness_kvar: kvar that move it by 1 per unit.
    A controller knows what it measures and not which units are dead, and goes on switching them.
    """
    if bank.controller in ("none", "fixed", "schedule"):
        wanted = np.full(len(load_kw), bank.levels)
        if bank.controller == "schedule":
            hour = hour_of_day(times_s)
            wanted = wanted * ((hour >= bank.hours[0]) & (hour < bank.hours[1]) & (weekday(times_s) < 6))
        kvar = np.array([bank.kvar_by_level(int(d))[int(k)] for d, k in zip(dead_units, wanted, strict=True)])
        return kvar * health * is_on, wanted * is_on, [Switching()] * len(load_kw)
    tables = {int(dead): bank.kvar_by_level(int(dead)) for dead in np.unique(dead_units)}
    kvar, levels, states = np.zeros(len(load_kw)), np.zeros(len(load_kw), dtype=int), []
    rows = zip(
        load_kw.tolist(), load_kvar.tolist(), supply_pu.tolist(), dead_units.tolist(), health.tolist(), is_on.tolist(),
        strict=True,
    )  # fmt: skip
    level, wanted_s = state.level, state.wanted_s
    for step, (p, q, supply, dead, part, on) in enumerate(rows):
        states.append(Switching(level, wanted_s))
        table = tables[dead]
        if not on:  # without supply the contactors drop out
            level, wanted_s = 0, 0.0
        else:
            wish = _wish(bank, p, q - table[level] * part, supply, stiffness_kvar)
            wanted_s = wanted_s + wish * step_s if wish * wanted_s >= 0 and wish else wish * step_s
            moves = int(abs(wanted_s) // max(bank.delay_s, 1.0))
            for _ in range(min(moves, max(1, int(step_s // max(bank.delay_s, 1.0))))):
                if _wish(bank, p, q - table[level] * part, supply, stiffness_kvar) == wish:
                    level = min(max(level + wish, 0), bank.levels)
                    wanted_s = 0.0
        levels[step] = level
        kvar[step] = table[level] * part if on else 0.0
    return kvar, levels, states


def _wish(bank: SwitchedBank, kw: float, net_kvar: float, supply_pu: float, stiffness_kvar: float) -> int:
    """1 for a step more, -1 for one less."""
    if bank.controller == "kvar_target":
        value = net_kvar
    elif bank.controller == "power_factor":
        # Below a tenth of a step's worth of load the power factor says nothing: real controllers wait.
        least = bank.units_kvar[0]
        if net_kvar > bank.up * kw and net_kvar > _IN_STEPS * least:
            return 1
        return -1 if net_kvar < bank.down * kw and net_kvar < -_OUT_STEPS * least else 0
    else:
        voltage = supply_pu - net_kvar / stiffness_kvar
        return 1 if voltage < bank.up else -1 if voltage > bank.down else 0
    return 1 if value > bank.up else -1 if value < bank.down else 0
