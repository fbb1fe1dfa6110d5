"""Flows and losses of the lines: what the supply gives arrives or is lost, and every loss has an owner."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losses.accounting.metered_network import power_flow_of, substation_losses
from losses.accounting.supply_network import solve
from substations.electrical.topology import Segment

from .one_feeder import NOMINAL_V, SEGMENTS, at_power_factor, feeder, metered, plates

MESH = (*SEGMENTS, Segment("B", "C", r_ohm=0.5, x_ohm=0.4))
ONE = np.ones(1)


def test_one_line_by_hand() -> None:
    """R · (P² + Q²) / U² = 0.6 · (500² + 300²) / 11² / 1000 = 1.686 kW; at its end the voltage is 0.4 % lower: 1.70."""
    flows = solve(feeder(SEGMENTS[:1]), NOMINAL_V, np.array([[500.0]]), np.array([[300.0]]), ONE)
    drop = (0.6 * 500.0 + 0.7 * 300.0) * 1000.0 / NOMINAL_V**2
    assert flows.end_pu[0, 0] == pytest.approx(1.0 - drop, abs=1e-4)
    assert flows.loss_kw[0, 0] == pytest.approx(
        0.6 * (500.0**2 + 300.0**2) / 11.0**2 / 1000.0 / (1.0 - drop) ** 2, 1e-4
    )
    assert flows.source_kw[0] == pytest.approx(500.0 + flows.loss_kw[0, 0], abs=1e-6)


powers = st.lists(st.floats(-400, 900), min_size=3, max_size=3)


@pytest.mark.parametrize("segments", [SEGMENTS, MESH], ids=["tree", "mesh"])
@settings(max_examples=30)
@given(active_kw=powers, reactive_kvar=st.lists(st.floats(-300, 600), min_size=3, max_size=3))
def test_supplied_less_drawn_less_lost_leaves_nothing(
    segments: tuple[Segment, ...], active_kw: list[float], reactive_kvar: list[float]
) -> None:
    loads = metered(np.array([active_kw]).T, np.array([reactive_kvar]).T)
    flows = power_flow_of(feeder(segments), loads, plates(3), NOMINAL_V)
    assert flows.source_kw - flows.load_kw.sum(axis=0) - flows.loss_kw.sum(axis=0) == pytest.approx(0.0, abs=1e-5)
    shares = flows.shares().sum(axis=1)[:, 0]
    loaded = flows.loss_kw[:, 0] > 1e-6
    assert shares[loaded] == pytest.approx(np.ones(loaded.sum()))
    assert flows.allocated_kw()[:, 0].sum() == pytest.approx(flows.loss_kw[loaded, 0].sum(), abs=1e-5)


def test_what_is_drawn_at_the_meters_and_lost_on_the_way_is_what_the_supply_gives() -> None:
    loads = metered([[500.0], [200.0], [300.0]], [[100.0], [80.0], [20.0]])
    flows = power_flow_of(feeder(), loads, plates(3), NOMINAL_V)
    lost = substation_losses(loads, plates(3), [feeder()], np.full(3, NOMINAL_V), loads)
    given_kw = loads.active_kw.sum() + lost.transformer.total_kw.sum() + lost.feeder_kw.sum()
    assert flows.source_kw[0] == pytest.approx(given_kw, abs=1e-5)


def test_a_substation_bears_only_the_lines_above_it() -> None:
    loads = metered([[500.0], [0.001], [0.001]], 0.0)
    lost = substation_losses(loads, plates(3), [feeder()], np.full(3, NOMINAL_V), loads)
    assert lost.feeder_kw[0, 0] > 100 * lost.feeder_kw[1, 0]


def test_the_voltage_of_the_supply_is_told_by_the_meters() -> None:
    """At a supply of 1.05 the same power needs less current: the lines lose a tenth less."""
    at_nominal, raised = (
        power_flow_of(feeder(), metered([[500.0]] * 3, 100.0, voltage_pu=pu), plates(3), NOMINAL_V)
        for pu in (0.97, 1.02)
    )
    assert raised.loss_kw.sum() / at_nominal.loss_kw.sum() == pytest.approx((0.97 / 1.02) ** 2, rel=0.01)
    absurd = power_flow_of(feeder(), metered([[500.0]] * 3, 100.0, voltage_pu=2.0), plates(3), NOMINAL_V)
    assert absurd.end_pu.max() <= 1.1


def test_a_load_that_no_line_can_carry_leaves_its_own_step_unknown_alone() -> None:
    active = np.array([[500.0, 1e6, 500.0]] * 3)
    lost = substation_losses(metered(active, 0.0), plates(3), [feeder()], np.full(3, NOMINAL_V), metered(active, 0.0))
    assert np.isfinite(lost.feeder_kw).all(axis=0).tolist() == [True, False, True]


def test_a_silent_meter_still_loads_the_line_of_its_neighbours() -> None:
    loads = metered([[500.0], [400.0], [300.0]], 50.0)
    silent = replace(loads, is_valid=np.array([[True], [False], [True]]))
    lost = substation_losses(silent, plates(3), [feeder()], np.full(3, NOMINAL_V), loads)
    whole = substation_losses(loads, plates(3), [feeder()], np.full(3, NOMINAL_V), loads)
    assert np.isnan(lost.feeder_kw[1, 0])
    assert lost.feeder_kw[[0, 2], 0] == pytest.approx(whole.feeder_kw[[0, 2], 0])


def test_without_a_way_to_the_supply_only_the_transformer_is_known() -> None:
    loads = metered([[500.0]], at_power_factor([[500.0]], 0.8))
    lost = substation_losses(loads, plates(), [], np.full(1, NOMINAL_V), loads)
    assert np.isnan(lost.feeder_kw[0, 0])
    assert 0 < lost.avoidable_kw[0, 0] < lost.transformer.load_kw[0, 0]


def test_harmonics_and_imbalance_of_a_load_cost_in_the_lines_too() -> None:
    plain = metered([[500.0]] * 3, 50.0)
    dirty = metered([[500.0]] * 3, 50.0, distortion=0.3, imbalance=1.2)
    clean_kw, dirty_kw = (
        substation_losses(each, plates(3), [feeder()], np.full(3, NOMINAL_V), each).feeder_kw.sum()
        for each in (plain, dirty)
    )
    # 0.3² · 1.4 and 0.2 / 2, less where three substations with other phase angles share a line.
    assert 1.05 < dirty_kw / clean_kw < 1.3
