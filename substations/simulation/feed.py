"""A live feed that continues a simulation from its last reading, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ..channels import CHANNEL_NAMES
from .arrays import Floats
from .event_schedule import draw_event, random_events
from .metering import MeterState
from .run import Day, Simulation, next_day
from .simulated_grid import SimulatedGrid, random_grid
from .spec import EventRequest, SimulationSpec, SpecError
from .world import DAY_S, World

_SURPRISES = 400


@dataclass(frozen=True, slots=True)
class FeedStep:
    """One step of all substations: ``values`` [substation, channel], NaN where missing."""

    at: datetime
    values: Floats


class LiveFeed:
    """Readings after the end of a history, with the same loads, weather, banks, oil and faults going on.

    The caller owns the clock: each call gives the next step, whose time is ``next_at``. Days are computed as
    they are needed. From a spec, the history is run again without keeping it (about 15 ms a day), so a feed
    can be picked up in another process: ``LiveFeed(spec, resume_at=last_reading_at)`` gives what the first
    feed would have given next. Faults of the history that are still on end when their request says so.

    Args:
        source: the simulation, or its spec (then with its ``grid``, unless that is the random one).
        resume_at: the first step is the first one after this moment (default: the end of the history).
        faults_per_week: new faults of the whole grid per week, drawn from the seed; 0 is a clean feed.
    """

    def __init__(
        self,
        source: Simulation | SimulationSpec,
        *,
        grid: SimulatedGrid | None = None,
        resume_at: datetime | None = None,
        faults_per_week: float = 0.0,
    ) -> None:
        if not 0 <= faults_per_week <= 50:
            raise SpecError(f"Received faults_per_week {faults_per_week}; expected 0 to 50.")
        self.faults_per_week = faults_per_week
        if isinstance(source, Simulation):
            self.spec, self.world, self.events = source.spec, source.world, source.requests
            self._day, self._state, self._meter = source.spec.days, source.states[-1], source.meter
        else:
            self._replay(source, grid or random_grid(source))
        self._current = self._compute()
        self._step = 0
        if resume_at is not None:
            self._skip_to(resume_at)

    def _replay(self, spec: SimulationSpec, grid: SimulatedGrid) -> None:
        events = spec.events if isinstance(spec.events, tuple) else random_events(spec, grid, spec.events)
        self.spec, self.world = spec, World(spec, grid)
        self.events = tuple(sorted(events, key=lambda event: (event.start_s, event.substation)))
        self._state, self._meter = self.world.first_state(), MeterState.fresh(len(grid.codes))
        for day in range(spec.days):
            self._take(next_day(self.world, self._state, self._meter, day, self.events))
        self._day = spec.days

    def _take(self, day: Day) -> None:
        self._state, self._meter = day.state, day.meter

    def _compute(self) -> Day:
        self.events += self._surprises()
        return next_day(self.world, self._state, self._meter, self._day, self.events)

    def _surprises(self) -> tuple[EventRequest, ...]:
        """New faults that start today, on substations that have none."""
        rng = np.random.default_rng([self.spec.seed, _SURPRISES, self._day])
        start = self.spec.start_s + self._day * DAY_S
        new: list[EventRequest] = []
        for _ in range(int(rng.poisson(self.faults_per_week / 7))):
            busy = {e.substation for e in (*self.events, *new) if e.end_s > start}
            idle = [plate for plate in self.world.grid.substations if plate.code not in busy]
            if idle:
                at = start + rng.uniform(0, DAY_S)
                new.append(draw_event(self.spec, idle[int(rng.integers(len(idle)))], at, rng))
        return tuple(new)

    def _skip_to(self, after: datetime) -> None:
        wanted = int(after.timestamp())
        if wanted < self.spec.end_s - self.spec.step_s:
            history_end = datetime.fromtimestamp(self.spec.end_s, UTC)
            raise SpecError(f"Received resume_at {after:%Y-%m-%d %H:%M}; the history ends {history_end}.")
        while self._current.times_s[-1] <= wanted:
            self._next_day()
        self._step = int(np.searchsorted(self._current.times_s, wanted, side="right"))

    def _next_day(self) -> None:
        self._take(self._current)
        self._day += 1
        self._step = 0
        self._current = self._compute()

    @property
    def next_at(self) -> datetime:
        """UTC time of the next step."""
        if self._step == len(self._current.times_s):
            self._next_day()
        return datetime.fromtimestamp(int(self._current.times_s[self._step]), UTC)

    def inject(self, event: EventRequest) -> None:
        """Add an event that starts at the next step or later.

        Raises:
            SpecError: it starts in the past of the feed or names a substation that isn't in the grid.
        """
        if event.start_s < int(self.next_at.timestamp()):
            raise SpecError(f"{event.kind} starts before the next reading at {self.next_at}; start it later.")
        if event.substation not in (*self.world.grid.codes, "ALL"):
            raise SpecError(f"Received {event.substation}; the grid has {', '.join(self.world.grid.codes)}.")
        self.events += (event,)
        # The day's numbers depend on its start alone: the steps already given stay as they were.
        self._current = next_day(self.world, self._state, self._meter, self._day, self.events)

    def next_step(self) -> FeedStep:
        """The next step as an array."""
        at = self.next_at
        values = self._current.values[self._step]
        self._step += 1
        return FeedStep(at, values)

    def next_rows(self) -> list[dict[str, object]]:
        """The next step as one dict per substation: ``substation``, ``at`` and the channels.

        A missing cell is None; a substation whose reading is missing altogether is left out.
        """
        step = self.next_step()
        rows: list[dict[str, object]] = []
        for code, values in zip(self.world.grid.codes, step.values, strict=True):
            if np.isnan(values).all():
                continue
            cells = (None if np.isnan(value) else float(value) for value in values)
            rows.append({"substation": code, "at": step.at, **dict(zip(CHANNEL_NAMES, cells, strict=True))})
        return rows
