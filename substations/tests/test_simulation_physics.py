from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from substations.channels import CHANNELS
from substations.simulation import SimulationSpec, random_grid, simulate
from substations.simulation.bank_controller import BankController
from substations.simulation.capacitors import switch_steps
from substations.simulation.oil_temperature import follow, oil_targets
from substations.simulation.world import World
from substations.tests.simulated import SMALL, clean, column


@pytest.fixture(scope="module")
def world() -> World:
    return clean().world


def test_the_power_triangle_holds_within_the_class_of_the_meter() -> None:
    s = clean()
    p, q, apparent = (column(s, name) for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva"))
    thd = sum(column(s, f"thd_current_l{phase}_pct") for phase in (1, 2, 3)) / 300
    ratio = apparent / (np.hypot(p, q) * np.sqrt(1 + thd**2))
    assert np.nanmax(np.abs(ratio - 1)) < 0.01
    assert np.nanmax(np.abs(column(s, "power_factor") * apparent / p - 1)) < 0.005


def test_currents_and_voltages_fit_the_apparent_power() -> None:
    s = clean()
    product = np.sqrt(3) * column(s, "voltage_avg_v") * column(s, "current_avg_a") / 1000
    assert np.nanmax(np.abs(product / column(s, "apparent_power_kva") - 1)) < 0.01
    phases = sum(column(s, f"current_l{phase}_a") for phase in (1, 2, 3)) / 3
    assert np.nanmax(np.abs(phases - column(s, "current_avg_a"))) < 0.11


def test_every_reading_is_within_what_a_channel_can_report() -> None:
    values = clean().values
    for index, channel in enumerate(CHANNELS):
        assert np.nanmin(values[..., index]) >= channel.low, channel.name
        assert np.nanmax(values[..., index]) <= channel.high, channel.name


def test_what_the_source_gives_is_what_the_loads_take_and_the_losses(world: World) -> None:
    physics, _ = world.advance(world.first_state(), 0, ())
    flow = physics.flow
    taken = flow.power_kw.sum(axis=(1, 2)) + flow.segment_loss_kw.sum(axis=1) + flow.transformer_loss_kw.sum(axis=1)
    np.testing.assert_allclose(flow.source_kw, taken, atol=1e-6)


def test_true_losses_are_near_those_of_the_power_flow_and_the_feeders_are_shared_out(world: World) -> None:
    physics, _ = world.advance(world.first_state(), 0, ())
    losses = physics.losses
    np.testing.assert_allclose(losses.transformer, physics.flow.transformer_loss_kw, rtol=0.12)
    np.testing.assert_allclose(losses.feeder_allocated.sum(axis=1), losses.feeder.sum(axis=1), rtol=0.02)
    assert (losses.no_load < losses.transformer).all()
    assert (losses.avoidable >= 0).all()


def test_a_capacitor_gives_kvar_with_the_square_of_the_voltage(world: World) -> None:
    n = world.units.count
    nothing, bank = np.zeros((2, n, 3)), np.full((2, n), 100.0)
    flow = world.network.solve(nothing, nothing, bank, np.array([0.95, 1.05]), np.zeros((2, n), dtype=np.int64))
    expected = -100 * (flow.line_v.mean(axis=2) / world.network.lv_v) ** 2
    np.testing.assert_allclose(flow.reactive_kvar.sum(axis=2), expected, rtol=1e-6)


def test_a_raised_tap_raises_the_low_voltage_by_a_step(world: World) -> None:
    n = world.units.count
    nothing, taps = np.zeros((2, n, 3)), np.zeros((2, n), dtype=np.int64)
    taps[1, 0] = 1
    flow = world.network.solve(nothing, nothing, np.zeros((2, n)), np.ones(2), taps)
    ratio = flow.line_v[1].mean(axis=1) / flow.line_v[0].mean(axis=1)
    assert ratio[0] == pytest.approx(1 / 0.975, rel=2e-3)
    np.testing.assert_allclose(ratio[1:], 1, rtol=1e-3)


def test_the_oil_reaches_the_rated_rise_at_rated_load(world: World) -> None:
    units, steps = world.units, 4 * 24 * 4
    one = np.ones((steps, units.count))
    targets = oil_targets(np.full(steps, 20.0), one, one.astype(bool), one, units)
    oil = follow(np.full(units.count, 20.0), targets, one, units, 900)
    np.testing.assert_allclose(oil[-1], 20 + units.ambient_offset_k + units.oil_rise_k, atol=0.1)
    after_one_constant = oil[round(180 / 15) - 1] - 20
    assert (np.abs(after_one_constant / (oil[-1] - 20) - (1 - np.exp(-180 / units.oil_tau_min))) < 0.02).all()


def test_real_units_are_within_three_per_cent_of_the_nameplate(world: World) -> None:
    plates = world.grid.substations
    ratio = world.units.load_w / np.array([p.load_loss_w for p in plates])
    assert (np.abs(ratio - 1) <= 0.03).all()
    assert ratio.std() > 0


@settings(max_examples=40)
@given(load=st.floats(20, 900), tan_phi=st.floats(0.1, 1.5), before=st.integers(0, 6), left=st.integers(0, 6))
def test_a_controller_settles_on_a_steady_load_and_never_uses_what_is_broken(
    load: float, tan_phi: float, before: int, left: int
) -> None:
    units = clean().world.units
    shape = (30, units.count)
    kw = np.full(shape, load)
    available = np.minimum(np.full(shape, float(left)), units.bank_steps)
    steps = switch_steps(np.full(units.count, float(before)), kw, kw * tan_phi, available, units, 900, BankController())
    assert (steps <= available).all()
    assert (steps >= 0).all()
    np.testing.assert_array_equal(steps[-1], steps[-5])
    free = (units.bank_steps > 1) & (steps[-1] > 0) & (steps[-1] < available[-1])
    error = load * (tan_phi - BankController().target_tan_phi) - steps[-1] * units.bank_kvar / units.bank_steps
    assert (np.abs(error) <= BankController().hysteresis_steps * units.bank_kvar / units.bank_steps + 1e-9)[free].all()


def test_the_same_seed_gives_the_same_readings_and_another_seed_others() -> None:
    again = simulate(SMALL)
    np.testing.assert_array_equal(again.values, clean().values)
    other = simulate(SimulationSpec(substations=5, days=1, seed=5))
    assert other.substations != clean().substations


def test_a_few_rows_and_cells_are_missing() -> None:
    s = simulate(SimulationSpec(substations=12, days=10, seed=2))
    rows = np.isnan(s.values).all(axis=2)
    assert 0.0002 < rows.mean() < 0.003
    assert 0.0001 < np.isnan(s.values[~rows]).mean() < 0.0006


def test_working_days_differ_from_sundays_and_nights_from_days() -> None:
    s = simulate(SimulationSpec(substations=3, days=7, seed=3, shapes=("office",)))
    power = column(s, "active_power_kw").reshape(3, 7, 96)  # from Monday 1 September 2025
    assert (np.nanmax(power[:, 2], axis=1) > 2 * np.nanmax(power[:, 6], axis=1)).all()
    assert (power[:, 2, 40:48].mean(axis=1) > 2 * power[:, 2, 4:12].mean(axis=1)).all()


def test_the_grid_is_a_tree_of_a_few_levels() -> None:
    grid = random_grid(SimulationSpec(substations=40, is_meshed=True))
    paths = grid.paths()
    assert (np.diag(paths) == 1).all()
    assert paths.sum(axis=0).max() == 4
    assert any(not link.is_closed for link in grid.links)
