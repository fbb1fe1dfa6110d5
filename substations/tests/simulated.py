"""Small simulations that several test files share."""

from __future__ import annotations

from functools import cache

import numpy as np

from substations.channels import CHANNEL_INDEX
from substations.simulation import EventRequest, Simulation, SimulationSpec, random_grid, simulate

HOUR, DAY = 3600, 86_400
SMALL = SimulationSpec(substations=5, days=3, seed=4, shapes=("industrial", "pumping"))


@cache
def clean() -> Simulation:
    """Five substations, three working days, nothing injected."""
    return simulate(SMALL)


def automatic() -> str:
    """A substation with an automatic bank."""
    return next(s.code for s in clean().substations if s.has_automatic_bank)


def with_event(kind: str, **size: float | str) -> tuple[Simulation, EventRequest]:
    """The same three days with one event on the second."""
    start = SMALL.start_s + DAY + 6 * HOUR
    code = "ALL" if kind in ("holiday", "cold_day") else automatic()
    if kind == "holiday":
        start = SMALL.start_s + DAY
    event = EventRequest(kind, code, start, start + 14 * HOUR, 0.0, size)
    values = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__} | {"events": (event,)}
    return simulate(SimulationSpec(**values), random_grid(SMALL)), event


def column(simulation: Simulation, channel: str, code: str | None = None) -> np.ndarray:
    """[time] of one substation, or [substation, time]."""
    values = simulation.values[..., CHANNEL_INDEX[channel]]
    return values if code is None else values[simulation.grid.codes.index(code)]
