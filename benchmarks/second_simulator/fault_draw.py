"""Which incidents a set has: drawn from the seed, dense, at most one at a time on a substation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .bank_controllers import SwitchedBank
from .fault_forms import ALL, SimulatedIncident
from .grid_run import SecondGrid
from .plants import PlateAndUnit
from .recipe import DAY_S, Recipe

# chosen: about as many of each kind as in the other benchmark sets.
WEIGHTS = {
    "capacitor_failure": 5.0, "low_pf_motor": 4.5, "overload": 2.5, "phase_imbalance": 3.0, "harmonic_injection": 3.0,
    "tap_voltage": 2.0, "cooling_failure": 1.8, "sensor_fault": 4.0, "maintenance_outage": 1.5, "data_gap": 1.5,
}  # fmt: skip
_HOURS = {"overload": (4, 14), "maintenance_outage": (3, 12), "data_gap": (2, 14), "sensor_fault": (6, 48)}
_USUAL_HOURS = (14, 90)
SENSOR_FORMS = ("current_scaled", "voltage_fuse", "frozen", "thd_stuck", "oil_open", "oil_jump", "kvar_offset")

_Drawn = tuple[str, float, dict[str, float]]  # form, ramp as a share of the length, figures


def draw_incidents(grid: SecondGrid) -> tuple[SimulatedIncident, ...]:
    """All incidents after the training part, in order of their start."""
    recipe, rng = grid.recipe, grid.recipe.rng(8)
    found = _common(recipe, rng) if recipe.end_s - recipe.train_end_s >= 6 * DAY_S else []
    gap_days = rng.uniform(1.5, 4.0)
    for number in range(len(grid.plants.units)):
        at = recipe.train_end_s + rng.exponential(gap_days / 2) * DAY_S
        while at < recipe.end_s - 8 * 3600:
            incident = _draw(grid, number, at, rng)
            found.append(incident)
            at = incident.end_s + (0.4 + rng.exponential(gap_days)) * DAY_S
    for number in rng.choice(len(grid.plants.units), max(1, len(grid.plants.units) // 8), replace=False):
        found.append(_growth(recipe, int(number), rng))
    return tuple(sorted(found, key=lambda incident: (incident.start_s, incident.substation)))


def _common(recipe: Recipe, rng: np.random.Generator) -> list[SimulatedIncident]:
    first, last = recipe.train_end_s // DAY_S + 1, recipe.end_s // DAY_S - 2
    days = np.arange(first, last)
    free = int(rng.choice(days[(days + 3) % 7 < 5])) * DAY_S
    cold = int(rng.choice(days)) * DAY_S
    figures = {"kelvin": -float(rng.uniform(5, 12)), "share": float(rng.uniform(0.05, 0.18))}
    return [
        SimulatedIncident("holiday", -1, free, free + DAY_S, "", 0.0, {"draw": float(rng.integers(2**31))}),
        SimulatedIncident("cold_day", -1, cold, min(cold + int(rng.integers(1, 4)) * DAY_S, recipe.end_s), "", 8.0,
                 {**figures, "draw": float(rng.integers(2**31))}),
    ]  # fmt: skip


def _growth(recipe: Recipe, number: int, rng: np.random.Generator) -> SimulatedIncident:
    """A new customer at once, or growth over weeks."""
    start = _aligned(recipe, recipe.train_end_s + rng.uniform(0, 0.4) * (recipe.end_s - recipe.train_end_s))
    hours = (recipe.end_s - start) / 3600
    ramp = 0.0 if rng.random() < 0.3 else round(hours * rng.uniform(0.4, 0.9), 2)
    return SimulatedIncident(
        "load_growth", number, start, recipe.end_s, "", ramp, {"share": float(rng.uniform(0.05, 0.13))}
    )


def _aligned(recipe: Recipe, at_s: float) -> int:
    return recipe.start_s + recipe.index(at_s) * recipe.step_s


def _draw(grid: SecondGrid, number: int, at_s: float, rng: np.random.Generator) -> SimulatedIncident:
    recipe, unit, bank = grid.recipe, grid.plants.units[number], grid.banks[number]
    weights = dict(WEIGHTS)
    if not bank.units_kvar:
        del weights["capacitor_failure"]
    kinds = list(weights)
    kind = str(rng.choice(kinds, p=np.array(list(weights.values())) / sum(weights.values())))
    return incident_of(recipe, unit, bank, number, kind, at_s, rng)


def incident_of(
    recipe: Recipe,
    unit: PlateAndUnit,
    bank: SwitchedBank,
    number: int,
    kind: str,
    at_s: float,
    rng: np.random.Generator,
) -> SimulatedIncident:
    """One incident of a kind at about this moment, its form and size drawn; it ends within the record."""
    hours = rng.uniform(*_HOURS.get(kind, _USUAL_HOURS))
    if kind == "overload":  # on top of a load, on a working morning
        at_s = at_s // DAY_S * DAY_S + DAY_S + rng.uniform(7, 12) * 3600
        at_s += {5: 2, 6: 1}.get(int(at_s // DAY_S + 3) % 7, 0) * DAY_S
    start = min(_aligned(recipe, at_s), recipe.end_s - 6 * 3600)
    end = min(max(_aligned(recipe, start + hours * 3600), start + 3600), recipe.end_s)
    form, ramp_share, figures = _DRAWS[kind](unit, bank, rng)
    return SimulatedIncident(kind, number, start, end, form, round(ramp_share * (end - start) / 3600, 2), figures)


def _ramp(rng: np.random.Generator, often: float) -> float:
    return float(rng.uniform(0.15, 0.6)) if rng.random() < often else 0.0


def _capacitor(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    count = len(bank.units_kvar)
    form = str(rng.choice(["units_lost", "units_lost", "units_lost", "fuse", "drift"]))
    if form == "units_lost":
        lost = int(rng.integers(max(1, round(count * 0.4)), count + 1))
        return form, 0.0, {"units": float(lost if rng.random() < 0.5 else -lost)}
    if form == "fuse":
        return form, 0.0, {"phase": float(rng.integers(1, 4))}
    return form, float(rng.uniform(0.3, 0.7)), {"share": float(rng.uniform(0.35, 0.95))}


def _cycle(rng: np.random.Generator) -> dict[str, float]:
    return {"cycle_min": float(np.exp(rng.uniform(np.log(12), np.log(360)))), "duty": float(rng.uniform(0.35, 0.95))}


def _machine(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    figures = {
        "kw": float(rng.uniform(0.05, 0.18)) * unit.rated_kva,
        "tan_phi": float(rng.uniform(1.0, 2.3)),
        "idle": float(rng.choice([0.0, rng.uniform(0.2, 0.6)])),
    }
    form = str(rng.choice(["duty", "soft_start", "shift"]))
    if form == "shift":
        return form, 0.0, figures | {"first": float(rng.uniform(5, 9)), "last": float(rng.uniform(14, 22))}
    return form, _ramp(rng, 0.15), figures | _cycle(rng) | {"start_share": float(rng.uniform(0.05, 0.3))}


def _overload(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    is_ramp = rng.random() < 0.5
    figures = {
        "kw": float(rng.uniform(0.25, 0.55)) * unit.rated_kva,
        "tan_phi": float(rng.uniform(0.1, 0.5)),
        "wave": float(rng.uniform(0, 0.12)),
        "wave_h": float(rng.uniform(0.7, 5)),
    }
    return ("ramp" if is_ramp else "sudden"), (float(rng.uniform(0.2, 0.6)) if is_ramp else 0.0), figures


def _imbalance(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    figures = {"kw": float(rng.uniform(0.06, 0.2)) * unit.rated_kva * unit.peak_pu, "phase": float(rng.integers(0, 3))}
    if rng.random() < 0.4:
        return "moving", 0.0, figures | {"hours": float(rng.integers(3, 12))}
    return "fixed", _ramp(rng, 0.25), figures


def _harmonics(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    figures = {"amps_pu": float(rng.uniform(0.09, 0.24)) * unit.peak_pu}
    if rng.random() < 0.4:
        figures |= _cycle(rng)
    if bank.units_kvar and rng.random() < 0.4:
        return "resonance", 0.0, figures | {"amps_pu": figures["amps_pu"] * 0.6}
    return "drive", _ramp(rng, 0.3), figures


def _tap(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    return "wrong", 0.0, {"steps": float(rng.choice([-3, -2, 1, 2, 2, 3, 3]))}


def _cooling(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    if unit.has_fans:
        return "fans_off", 0.0, {"factor": float(rng.uniform(1.6, 2.4))}
    return "fouled", _ramp(rng, 0.5), {"factor": float(rng.uniform(1.5, 2.6))}


def _sensor(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    figures = {"phase": float(rng.integers(0, 3)), "amount": float(rng.uniform(0.25, 0.8))}
    return str(rng.choice(SENSOR_FORMS)), 0.0, figures


def _outage(unit: PlateAndUnit, bank: SwitchedBank, rng: np.random.Generator) -> _Drawn:
    form = str(rng.choice(["dead", "breaker", "half"]))
    return form, 0.0, {"left": float(rng.uniform(0.3, 0.6))} if form == "half" else {}


_DRAWS: dict[str, Callable[[PlateAndUnit, SwitchedBank, np.random.Generator], _Drawn]] = {
    "capacitor_failure": _capacitor,
    "low_pf_motor": _machine,
    "overload": _overload,
    "phase_imbalance": _imbalance,
    "harmonic_injection": _harmonics,
    "tap_voltage": _tap,
    "cooling_failure": _cooling,
    "sensor_fault": _sensor,
    "maintenance_outage": _outage,
    "data_gap": lambda unit, bank, rng: ("gap", 0.0, {}),
}
__all__ = ["ALL", "SENSOR_FORMS", "WEIGHTS", "draw_incidents", "incident_of"]
