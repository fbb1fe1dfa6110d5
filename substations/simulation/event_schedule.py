"""Events drawn at random for the test part of a simulation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .clock import utc_offset_s
from .simulated_grid import SimulatedGrid, SimulatedSubstation
from .spec import EVERYWHERE, SENSOR_FAULT_MODES, EventRequest, SimulationSpec

DAY_S = 86_400
# Mean days of peace between two events of a substation.
_GAP_DAYS = {"normal": 16.0, "dense": 3.0}
_WEIGHTS = {
    "capacitor_failure": 5,
    "low_pf_motor": 4,
    "overload": 3,
    "phase_imbalance": 3,
    "harmonic_injection": 3,
    "tap_voltage": 2,
    "cooling_failure": 2,
    "sensor_fault": 4,
    "maintenance_outage": 1,
    "data_gap": 2,
}
_HOURS = {
    "overload": (4, 10),
    "maintenance_outage": (4, 10),
    "data_gap": (2, 12),
    "sensor_fault": (8, 40),
    "low_pf_motor": (12, 60),
}
_USUAL_HOURS = (20, 80)
_GRADUAL = ("capacitor_failure", "phase_imbalance", "harmonic_injection", "cooling_failure")


_Size = dict[str, float | str]


def _uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return round(float(rng.uniform(low, high)), 4)


def random_events(spec: SimulationSpec, grid: SimulatedGrid, density: str) -> tuple[EventRequest, ...]:
    """Events after the training part: at most one at a time on a substation, besides growth and common causes."""
    if density == "none":
        return ()
    rng = np.random.default_rng([spec.seed, 300])
    events = _common(spec, rng) if spec.end_s - spec.train_end_s >= 8 * DAY_S else []
    for substation in grid.substations:
        at = spec.train_end_s + rng.exponential(_GAP_DAYS[density] / 2) * DAY_S
        while at < spec.end_s - 6 * 3600:
            event = draw_event(spec, substation, at, rng)
            if event.start_s >= spec.end_s:
                break
            events.append(event)
            at = event.end_s + (0.5 + rng.exponential(_GAP_DAYS[density])) * DAY_S
    growing = rng.choice(len(grid.codes), size=max(1, len(grid.codes) // 8), replace=False)
    events += [_growth(spec, grid.codes[int(i)], rng) for i in growing]
    return tuple(events)


def _common(spec: SimulationSpec, rng: np.random.Generator) -> list[EventRequest]:
    """One holiday on a working day and one cold spell, both on the local calendar."""
    offset = utc_offset_s(spec.train_end_s, spec.time_zone)
    first = (spec.train_end_s + offset) // DAY_S + 1
    days = np.arange(first, (spec.end_s + offset) // DAY_S - 2)
    working = days[(days + 3) % 7 < 5]
    holiday = int(rng.choice(working)) * DAY_S - offset
    cold = int(rng.choice(days)) * DAY_S - offset
    size: _Size = {"shift_k": -_uniform(rng, 6, 11), "load": _uniform(rng, 0.08, 0.15)}
    return [
        EventRequest("holiday", EVERYWHERE, holiday, holiday + DAY_S),
        EventRequest("cold_day", EVERYWHERE, cold, cold + 2 * DAY_S, 6.0, size),
    ]


def _growth(spec: SimulationSpec, code: str, rng: np.random.Generator) -> EventRequest:
    start = _on_grid(spec, spec.train_end_s + rng.uniform(0, 0.3) * (spec.end_s - spec.train_end_s))
    ramp_hours = round((spec.end_s - start) / 3600 * 0.5, 2)
    size: _Size = {"load": _uniform(rng, 0.06, 0.12)}
    return EventRequest("load_growth", code, start, spec.end_s, ramp_hours, size)


def _on_grid(spec: SimulationSpec, at_s: float) -> int:
    return spec.start_s + math.floor((at_s - spec.start_s) / spec.step_s) * spec.step_s


def _next_busy_hour(spec: SimulationSpec, substation: SimulatedSubstation, at_s: float) -> float:
    """The next start of the busy part of a working day: a load is added to a load, not to an empty hall."""
    busy_hour = 17 if substation.load_shape == "residential" else 8
    offset = utc_offset_s(int(at_s), spec.time_zone)
    days = (int(at_s) + offset) // DAY_S + np.arange(8)
    starts = days * DAY_S + busy_hour * 3600 - offset
    return float(starts[((days + 3) % 7 < 5) & (starts >= at_s)][0])


def draw_event(
    spec: SimulationSpec, substation: SimulatedSubstation, at_s: float, rng: np.random.Generator
) -> EventRequest:
    """One event of a random kind, length and size that starts on the grid of the interval at ``at_s``."""
    kinds = list(_WEIGHTS)
    kind = str(rng.choice(kinds, p=np.array([_WEIGHTS[k] for k in kinds]) / sum(_WEIGHTS.values())))
    hours = rng.uniform(*_HOURS.get(kind, _USUAL_HOURS))
    if kind == "overload":
        at_s = _next_busy_hour(spec, substation, at_s)
    start = _on_grid(spec, at_s)
    end = max(start + spec.step_s, _on_grid(spec, at_s + hours * 3600))
    is_gradual = kind in _GRADUAL and rng.random() < 0.3
    ramp_hours = round((end - start) / 3600 * float(rng.uniform(0.2, 0.6)), 2) if is_gradual else 0.0
    return EventRequest(kind, substation.code, start, end, ramp_hours, _SIZES[kind](substation, rng))


def _capacitor(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {"lost": _uniform(rng, 0.35, 1.0)}


def _motor(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {
        "power_kw": round(_uniform(rng, 0.03, 0.12) * s.rated_kva, 1),
        "tan_phi": _uniform(rng, 1.2, 2.0),
        "period_min": _uniform(rng, 90, 300),
        "duty": _uniform(rng, 0.5, 0.9),
    }


def _overload(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {"load_pu": _uniform(rng, 1.02, 1.25)}


def _imbalance(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {
        "deviation": _uniform(rng, 0.3, 0.7),
        "phase": float(rng.integers(1, 4)),
        "split": _uniform(rng, 0.3, 0.7),
    }


def _harmonics(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {"thd": _uniform(rng, 0.13, 0.32)}


def _tap(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {"steps": float(rng.choice([-3, -2, 2, 3]))}


def _cooling(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {"factor": _uniform(rng, 1.5, 2.6)}


def _sensor(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {
        "mode": str(rng.choice(SENSOR_FAULT_MODES)),
        "phase": float(rng.integers(1, 4)),
        "amount": _uniform(rng, 0.4, 0.8),
    }


def _outage(s: SimulatedSubstation, rng: np.random.Generator) -> _Size:
    return {"mode": str(rng.choice(["breaker", "dead"]))}


_SIZES: dict[str, Callable[[SimulatedSubstation, np.random.Generator], _Size]] = {
    "capacitor_failure": _capacitor,
    "low_pf_motor": _motor,
    "overload": _overload,
    "phase_imbalance": _imbalance,
    "harmonic_injection": _harmonics,
    "tap_voltage": _tap,
    "cooling_failure": _cooling,
    "sensor_fault": _sensor,
    "maintenance_outage": _outage,
    "data_gap": lambda s, rng: {},
}
