"""What the target power factor would save."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from losses.accounting.avoidable_losses import avoidable_in_transformer, avoidable_with_network
from losses.accounting.metered_network import power_flow_of
from losses.accounting.metered_power import MeteredPower
from losses.accounting.supply_network import solve
from losses.accounting.transformer_losses import transformer_losses

from .one_feeder import NOMINAL_V, at_power_factor, feeder, metered, plates

TARGET = 0.95


def in_transformer(active_kw: float, reactive_kvar: float, **values: float) -> float:
    loads = metered(active_kw, reactive_kvar, **values)
    return float(avoidable_in_transformer(loads, transformer_losses(loads, plates()), plates())[0, 0])


def with_network(loads: MeteredPower) -> np.ndarray:
    flows = power_flow_of(feeder(), loads, plates(3), NOMINAL_V)
    return np.asarray(avoidable_with_network(loads, transformer_losses(loads, plates(3)), plates(3), flows)[:, 0])


def test_the_textbook_share_of_the_load_loss_and_what_raised_voltage_and_cooler_copper_add() -> None:
    """Load loss · (1 − (0.75 / 0.95)²) = 38 % of it."""
    loads = metered(500.0, at_power_factor(500.0, 0.75))
    load_kw = transformer_losses(loads, plates()).load_kw[0, 0]
    assert in_transformer(500.0, float(at_power_factor(500.0, 0.75))) / load_kw == pytest.approx(0.377, abs=0.06)
    assert in_transformer(500.0, float(at_power_factor(500.0, 0.75))) / load_kw > 0.377


@pytest.mark.parametrize("power_factor", [0.95, 0.97, 1.0])
def test_at_or_above_the_target_nothing_is_avoidable(power_factor: float) -> None:
    assert in_transformer(500.0, float(at_power_factor(500.0, power_factor)) - 1e-9) == 0.0


def test_a_leading_power_factor_costs_as_well() -> None:
    lagging, leading = (in_transformer(300.0, sign * float(at_power_factor(300.0, 0.6))) for sign in (1.0, -1.0))
    assert leading > 0
    assert leading == pytest.approx(lagging, rel=0.15)


@given(active_kw=st.floats(-900, 900), reactive_kvar=st.floats(-900, 900), thd=st.floats(0, 0.5))
def test_it_is_never_negative_nor_more_than_the_load_loss(active_kw: float, reactive_kvar: float, thd: float) -> None:
    loads = metered(active_kw, reactive_kvar, distortion=thd)
    load_kw = transformer_losses(loads, plates()).load_kw[0, 0]
    assert 0.0 <= in_transformer(active_kw, reactive_kvar, distortion=thd) <= load_kw + 1e-12


@given(active_kw=st.floats(10, 800), better=st.floats(0.4, 0.94), worse_by=st.floats(0.01, 0.3))
def test_a_worse_power_factor_never_makes_less_avoidable(active_kw: float, better: float, worse_by: float) -> None:
    assume(better - worse_by > 0.1)
    good, bad = (in_transformer(active_kw, float(at_power_factor(active_kw, pf))) for pf in (better, better - worse_by))
    assert bad >= good


IDEAL = {"no_load_loss_w": 1e-3, "load_loss_w": 1e-3, "impedance_pct": 1e-3}


@settings(max_examples=25)
@given(powers=st.lists(st.floats(100, 900), min_size=3, max_size=3), power_factor=st.floats(0.5, 0.93))
def test_the_saving_in_the_lines_is_that_of_a_power_flow_with_the_bank_in_place(
    powers: list[float], power_factor: float
) -> None:
    """Solved once more with the second substation at its target, behind transformers that lose nothing."""
    ideal = plates(3, **IDEAL)
    active = np.array([powers]).T
    reactive = at_power_factor(active, power_factor)
    loads = metered(active, reactive)
    flows = power_flow_of(feeder(), loads, ideal, NOMINAL_V)
    ours = avoidable_with_network(loads, transformer_losses(loads, ideal), ideal, flows)[1, 0]
    reactive[1] = at_power_factor(powers[1], TARGET)
    # The supply stays as it was, whatever the meters would say of the raised voltage.
    kw, kvar = flows.load_kw.copy(), flows.load_kvar.copy()
    kvar[1] += reactive[1] - loads.reactive_kvar[1]
    after = solve(feeder(), NOMINAL_V, kw, kvar, flows.supply_pu)
    assert ours == pytest.approx(float(flows.loss_kw.sum() - after.loss_kw.sum()), rel=0.02, abs=0.005)


def test_together_the_members_save_less_than_the_sum_of_each_alone() -> None:
    active = np.full((3, 1), 600.0)
    loads = metered(active, at_power_factor(active, 0.7))
    alone = with_network(loads).sum()
    before, after = (
        power_flow_of(feeder(), metered(active, at_power_factor(active, pf)), plates(3), NOMINAL_V)
        for pf in (0.7, TARGET)
    )
    together = before.source_kw[0] - after.source_kw[0]
    assert 0 < together < alone


def test_a_neighbour_at_its_target_has_nothing_to_avoid() -> None:
    active = np.full((3, 1), 400.0)
    reactive = np.vstack([at_power_factor(active[:2], 0.75), at_power_factor(active[2:], 0.99)])
    assert with_network(metered(active, reactive))[2] == 0.0
