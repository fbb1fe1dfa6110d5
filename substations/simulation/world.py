"""The simulated grid as a state that moves one day at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .arrays import Floats, Integers
from .clock import LocalClock, local_clock
from .effects import Effects, gather
from .equipment import draw_units
from .load_flow import Network
from .noise import NoiseBank
from .physics import Physics, connected_banks, demand, distortion, temperatures_and_losses
from .profiles import ambient_temperature, day_shape, weather_factor
from .simulated_grid import SimulatedGrid
from .solar import solar_kw
from .spec import EventRequest, SimulationSpec

DAY_S = 86_400
YEAR_S = 365.25 * DAY_S
_NOISE, _INITIAL, _CLOUDS = 200, 201, 203


@dataclass(frozen=True, slots=True)
class WorldState:
    """All that a day hands to the next."""

    noise: Floats
    bank_steps: Floats
    oil_c: Floats


class World:
    """A grid, its real units and its random numbers, which are drawn per day: day ``d`` is the same however
    the days before it were computed.
    """

    def __init__(self, spec: SimulationSpec, grid: SimulatedGrid) -> None:
        self.spec, self.grid = spec, grid
        self.units = draw_units(grid, spec.seed)
        self.shapes = tuple(plate.load_shape for plate in grid.substations)
        self.paths = grid.paths()
        self.noise = NoiseBank(self.units.count, spec.step_s)
        self.base_taps = self._choose_taps()
        self.network = Network(grid, self.units, spec.nominal_hz, self.base_taps)

    def _choose_taps(self) -> Integers:
        """Taps as set when the transformer was commissioned: nominal low voltage at two thirds of the peak."""
        n = self.units.count
        network = Network(self.grid, self.units, self.spec.nominal_hz, np.zeros(n, dtype=int))
        power = np.repeat((self.units.peak_kw * 0.65 / 3)[None, :, None], 3, axis=2)
        zero = np.zeros((1, n))
        flow = network.solve(power, power * 0.25, zero, np.array([1.02]), zero.astype(int))
        low_pu = flow.line_v.mean(axis=(0, 2)) / network.lv_v
        return np.asarray(np.clip(np.round((1.0 - low_pu) / 0.025), -2, 4), dtype=np.int64)

    def first_state(self) -> WorldState:
        """The state at the first step, after a day before it in which transients die out."""
        rng = np.random.default_rng([self.spec.seed, _INITIAL])
        n = self.units.count
        cold = WorldState(self.noise.initial(rng), np.ceil(self.units.bank_steps / 2), np.full(n, 40.0))
        return self.advance(cold, -1, ())[1]

    def times(self, day: int) -> Integers:
        """UTC epoch seconds of the steps of a day, counted from the start of the simulation."""
        first = self.spec.start_s + day * DAY_S
        return np.asarray(first + np.arange(self.spec.steps_per_day) * self.spec.step_s)

    def advance(self, state: WorldState, day: int, events: Iterable[EventRequest]) -> tuple[Physics, WorldState]:
        """Compute day ``day`` (-1 is the day before the start) and the state at its end.

        Steps: noise and weather, demand, capacitor steps, power flow, harmonics, oil temperature and losses.
        """
        spec, units = self.spec, self.units
        times = self.times(day)
        clock = local_clock(times, spec.time_zone)
        rng = np.random.default_rng([spec.seed, _NOISE, day + 1])
        noise, noise_state = self.noise.run(state.noise, len(times), rng)
        effects = gather(events, times, self.grid.codes)
        ambient = ambient_temperature(clock, noise["weather"], effects.ambient_shift_k, spec.latitude)
        generation_kw = self._generation(clock, day)
        load = demand(self._shape(clock, ambient, effects), times, noise, effects, units, generation_kw)
        steps, bank_kvar = connected_banks(state.bank_steps, load, effects, units, spec.step_s, spec.controller)
        source_pu = 1.018 + 0.006 * np.cos(2 * np.pi * (clock.hour - 3) / 24) + 0.004 * noise["source_voltage"]
        flow = self.network.solve(*load.by_phase(), bank_kvar, source_pu, effects.tap_steps)
        thd_current, thd_voltage = distortion(flow, clock, noise, effects, units, load.current_hidden())
        taps = self.base_taps + effects.tap_steps
        oil, losses = temperatures_and_losses(
            flow, thd_current, state.oil_c, ambient, taps, effects, units, self.paths, spec.step_s
        )
        frequency_hz = spec.nominal_hz * (1 + 0.00035 * noise["frequency"])
        physics = Physics(times, flow, thd_current, thd_voltage, oil, frequency_hz, ambient, steps, effects, losses)
        return physics, WorldState(noise_state, steps[-1], oil[-1])

    def _generation(self, clock: LocalClock, day: int) -> Floats:
        """[time, substation] kW of the plants behind the meters; weather of its own, so that nothing else changes."""
        spec = self.spec
        rng = np.random.default_rng([spec.seed, _CLOUDS, day + 1])
        return solar_kw(spec.solar, self.grid.codes, clock, spec.latitude, rng)

    def _shape(self, clock: LocalClock, ambient_c: Floats, effects: Effects) -> Floats:
        """[time, substation] load per unit of the first day's peak: hour and day, weather and growth."""
        shape = day_shape(self.shapes, clock, effects.is_day_off)
        weather = weather_factor(self.shapes, ambient_c, self.units.weather_scale)
        years = (clock.times_s - self.spec.start_s) / YEAR_S
        return shape * weather * ((1 + self.spec.annual_growth) ** years)[:, None]
