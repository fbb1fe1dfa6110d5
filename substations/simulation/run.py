"""A whole simulation: readings, true losses and labelled events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .arrays import Floats, Integers
from .event_schedule import random_events
from .labels import LabelledEvent, SimulatedHistory, label
from .metering import MeterState, read
from .physics import Losses
from .simulated_grid import SimulatedGrid, SimulatedLink, SimulatedSubstation, random_grid
from .spec import EventRequest, SimulationSpec, SpecError
from .world import World, WorldState

_METER = 202


@dataclass(frozen=True, slots=True)
class Day:
    """One computed day: readings [time, substation, channel] and the state for the next."""

    times_s: Integers
    values: Floats
    losses: Losses
    state: WorldState
    meter: MeterState


def next_day(world: World, state: WorldState, meter: MeterState, day: int, events: tuple[EventRequest, ...]) -> Day:
    physics, after = world.advance(state, day, events)
    rng = np.random.default_rng([world.spec.seed, _METER, day + 1])
    values, meter = read(physics, world.units, rng, events, world.grid.codes, meter)
    return Day(physics.times_s, values, physics.losses, after, meter)


@dataclass(frozen=True)
class Simulation:
    """What a simulation gives.

    ``values`` is [substation, time, channel] in the order of ``substations/channels.py``, NaN where a row or a
    cell is missing, at ``times_s`` (UTC epoch seconds, a regular grid); ``losses`` are [time, substation] in kW.
    """

    spec: SimulationSpec
    grid: SimulatedGrid
    times_s: Integers
    values: Floats
    losses: Losses
    requests: tuple[EventRequest, ...]
    world: World
    states: tuple[WorldState, ...]  # at the start of each day and at the end of the last
    meter: MeterState

    @property
    def substations(self) -> tuple[SimulatedSubstation, ...]:
        return self.grid.substations

    @property
    def links(self) -> tuple[SimulatedLink, ...]:
        return self.grid.links

    @property
    def train_end_s(self) -> int:
        return self.spec.train_end_s

    @property
    def end_s(self) -> int:
        return self.spec.end_s

    @cached_property
    def events(self) -> tuple[LabelledEvent, ...]:
        """The injected events with their loss against the run without them, by start."""
        return label(SimulatedHistory(self.world, self.states, self.requests, self.times_s, self.losses))


def simulate(spec: SimulationSpec, grid: SimulatedGrid | None = None) -> Simulation:
    """Simulate ``spec``, on a random grid or on ``grid``; the same spec gives the same numbers.

    Raises:
        SpecError: an event names a substation that isn't in the grid.
    """
    grid = grid or random_grid(spec)
    requests = spec.events if isinstance(spec.events, tuple) else random_events(spec, grid, spec.events)
    unknown = {request.substation for request in requests} - set(grid.codes) - {"ALL"}
    if unknown:
        raise SpecError(f"Events name {', '.join(sorted(unknown))}; the grid has {', '.join(grid.codes)}.")
    requests = tuple(sorted(requests, key=lambda request: (request.start_s, request.substation)))
    world = World(spec, grid)
    days = list(_days(world, requests))
    return Simulation(
        spec=spec,
        grid=grid,
        times_s=np.concatenate([day.times_s for day in days]),
        values=np.concatenate([day.values for day in days]).swapaxes(0, 1),
        losses=_join([day.losses for day in days]),
        requests=requests,
        world=world,
        states=(world.first_state(), *(day.state for day in days)),
        meter=days[-1].meter,
    )


def without_events(simulation: Simulation) -> Simulation:
    """The same grid, weather and noise with nothing injected."""
    return simulate(replace(simulation.spec, events=()), simulation.grid)


def _days(world: World, requests: tuple[EventRequest, ...]) -> Iterator[Day]:
    state, meter = world.first_state(), MeterState.fresh(world.units.count)
    for number in range(world.spec.days):
        day = next_day(world, state, meter, number, requests)
        yield day
        state, meter = day.state, day.meter


def _join(parts: list[Losses]) -> Losses:
    names = Losses.__dataclass_fields__
    return Losses(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
