"""Resonance, voltage rise and distortion: figures by hand, and what decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from losses.compensation.capacitor_bank import CapacitorBank
from losses.compensation.harmonic_guard import (
    Guard,
    check_harmonics,
    resonance_order,
    short_circuit_kva,
    voltage_rise_pct,
)


def test_the_order_of_a_fifteenth() -> None:
    # Electrical Engineering Portal, harmonic resonance: XL/XC = 1/15 is the geometric mean of third and fifth, 3.873.
    assert resonance_order(15.0, 1.0) == pytest.approx(3.873, abs=0.0005)
    assert resonance_order(1000.0, 0.0) == float("inf")


def test_by_hand_behind_a_transformer_of_1000_kva() -> None:
    # 6 % behind a stiff supply: 1000/0.06 = 16,667 kVA; with 250 MVA behind: 1/(0.06/1000 + 1/250,000) = 15,625 kVA.
    power = short_circuit_kva(1000, 6, 250)
    assert power.low < 15_625 < power.high
    # 300 kvar: √(15,625/300) = 7.22, near the seventh; rise 100·300/16,667 = 1.8 % (kvar·Xt/kVA, Controllix).
    assert resonance_order(15_625, 300) == pytest.approx(7.217, abs=0.001)
    assert voltage_rise_pct(1000 / 0.06, 300) == pytest.approx(1.8)


def test_what_is_not_known_is_bounded_and_said() -> None:
    bank = CapacitorBank(step_kvar=50, step_count=6)
    vague, sure = check_harmonics(bank, 1000), check_harmonics(bank, 1000, impedance_pct=6, supply_mva=250)
    assert vague.assumptions == ("impedance_unknown", "supply_unknown", "distortion_unknown")
    assert sure.assumptions == ("distortion_unknown",)
    assert vague.order.low < sure.order.low < sure.order.high < vague.order.high
    assert vague.voltage_rise_pct.low < sure.voltage_rise_pct.low


@pytest.mark.parametrize(
    ("distortion", "guard"),
    [(None, Guard.DETUNED), (2, Guard.PLAIN), (7, Guard.DETUNED), (15, Guard.DETUNED), (30, Guard.FILTER_STUDY)],
)
def test_distortion_near_a_resonance_decides(distortion: float | None, guard: Guard) -> None:
    bank = CapacitorBank(step_kvar=50, step_count=6)
    found = check_harmonics(bank, 1000, impedance_pct=6, supply_mva=250, distortion_pct=distortion)
    assert 7 in found.near_orders
    assert found.guard == guard


def test_far_from_any_order_moderate_distortion_passes() -> None:
    # One step of 40 kvar behind 15.6 MVA: order 19.8, beyond the thirteenth.
    found = check_harmonics(CapacitorBank(40), 1000, impedance_pct=6, supply_mva=250, distortion_pct=8)
    assert found.near_orders == ()
    assert found.guard == Guard.PLAIN


@given(st.floats(1, 1000), st.floats(1, 1000))
def test_a_larger_bank_resonates_lower_and_raises_more(one: float, more: float) -> None:
    small, large = (check_harmonics(CapacitorBank(kvar), 1000, impedance_pct=6) for kvar in (one, one + more))
    assert large.order.low <= small.order.low
    assert large.voltage_rise_pct.high >= small.voltage_rise_pct.high
