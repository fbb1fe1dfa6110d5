"""Losses replayed with kvar supplied: nothing changes nothing, the textbook's quadratic, and what neighbours gain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losses.compensation.compensated_losses import bank_loss_kw, replayed_loss
from losses.compensation.harmonic_guard import Guard

from .one_feeder import NOMINAL_V, at_power_factor, feeder, metered, plates

NO_FEEDER = np.array([[NOMINAL_V]] * 3)[:, 0]


def test_the_transformer_of_the_reference_example() -> None:
    # 1000 kVA, Pk 10.5 kW: 600 kW at 0.80 lose 5.91 kW in the windings, at 0.95 4.19 kW (IEC 60076-1, at 75 °C).
    active = np.array([[600.0]])
    before = at_power_factor(active, 0.80)
    supplied = before - at_power_factor(active, 0.95)
    # No reactance: the voltage stays, as in the example.
    found = replayed_loss(metered(active, before), plates(1, impedance_pct=0.01), [], np.array([NOMINAL_V]), supplied)
    # Warm oil of the readings is not exactly the 75 °C of the plate.
    assert found.transformer_kw[0, 0] == pytest.approx(5.91 - 4.19, rel=0.03)


@given(st.floats(10, 900), st.floats(-300, 800))
@settings(max_examples=20)
def test_no_kvar_changes_nothing_at_all(active: float, reactive: float) -> None:
    loads = metered([[active, 100.0]] * 3, [[reactive, 80.0]] * 3)
    found = replayed_loss(loads, plates(3), [feeder()], NO_FEEDER, np.zeros((3, 2)))
    assert not found.transformer_kw.any()
    assert not found.line_kw.any()


def test_a_bank_spares_the_lines_and_the_neighbours() -> None:
    loads = metered([[500.0]] * 3, [[400.0]] * 3)
    supplied = np.array([[0.0], [250.0], [0.0]])
    found = replayed_loss(loads, plates(3), [feeder()], NO_FEEDER, supplied)
    # Line A carries all three, B its own: R·(2·Q·Qc − Qc²)/U² with R = 0.6 and 0.4 Ω, Q = 1200 and 400 kvar and more.
    by_hand = (0.6 * (2 * 1200 * 250 - 250**2) + 0.4 * (2 * 400 * 250 - 250**2)) / NOMINAL_V**2 * 1000
    assert found.line_kw.sum() == pytest.approx(by_hand, rel=0.15)
    assert found.transformer_kw[1, 0] > 0.5
    # At a higher voltage the windings of the others carry less current, and their cores lose more.
    assert 0 < abs(found.transformer_kw[0, 0]) < 0.1


def test_all_together_save_less_than_the_sum_of_each() -> None:
    loads = metered([[500.0]] * 3, [[400.0]] * 3)

    def saved(*which: int) -> float:
        supplied = np.zeros((3, 1))
        supplied[list(which)] = 200.0
        return float(replayed_loss(loads, plates(3), [feeder()], NO_FEEDER, supplied).total_kw.sum())

    assert saved(0, 1, 2) < saved(0) + saved(1) + saved(2)


def test_a_bank_that_leads_loses_more() -> None:
    found = replayed_loss(metered([[100.0]], [[0.0]]), plates(1), [], np.array([NOMINAL_V]), np.array([[300.0]]))
    assert found.transformer_kw[0, 0] < 0


def test_capacitors_and_reactors_lose_themselves() -> None:
    assert bank_loss_kw(np.array([100.0]), Guard.PLAIN)[0] == pytest.approx(0.05)
    assert bank_loss_kw(np.array([100.0]), Guard.DETUNED)[0] == pytest.approx(0.4)
