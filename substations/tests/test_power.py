"""Power relations hold, and missing quantities follow from the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substations.electrical import power

KILOWATTS = st.floats(1.0, 1e4)
KILOVARS = st.floats(-1e4, 1e4)
NONE = np.array([np.nan])


@given(active=KILOWATTS, reactive=KILOVARS)
def test_any_two_of_p_q_s_and_power_factor_give_the_others(active: float, reactive: float) -> None:
    p, q, s = np.array([active]), np.array([reactive]), np.array([np.hypot(active, reactive)])
    signed = np.copysign(p / s, q)
    for given_p, given_q, given_s, factor in (
        (p, q, NONE, NONE), (p, NONE, s, signed), (p, NONE, NONE, signed), (NONE, NONE, s, signed), (NONE, q, s, NONE),
    ):  # fmt: skip
        found = power.complete_powers(given_p, given_q, given_s, factor)
        assert found.active_kw == pytest.approx(p, rel=1e-6, abs=1e-3 * s[0])
        assert found.apparent_kva == pytest.approx(s, rel=1e-6)
        assert found.reactive_kvar == pytest.approx(q, rel=1e-6, abs=1e-3 * s[0])


def test_a_derived_reactive_power_without_a_sign_is_marked() -> None:
    found = power.complete_powers(np.array([80.0]), NONE, np.array([100.0]), np.array([0.8]))
    assert found.reactive_kvar[0] == pytest.approx(60.0)
    assert found.sign_assumed[0]
    assert not power.complete_powers(np.array([80.0]), np.array([60.0]), NONE, NONE).sign_assumed[0]


def test_apparent_power_follows_from_voltage_and_current() -> None:
    found = power.complete_powers(
        NONE, NONE, NONE, np.array([0.9]), voltage_v=np.array([400.0]), current_a=np.array([100.0])
    )
    assert found.apparent_kva[0] == pytest.approx(69.282, rel=1e-4)
    assert found.active_kw[0] == pytest.approx(62.354, rel=1e-4)
    assert power.current_from_apparent(found.apparent_kva, np.array([400.0]))[0] == pytest.approx(100.0)


def test_distortion_lowers_the_true_but_not_the_displacement_power_factor() -> None:
    active, reactive = np.array([80.0]), np.array([60.0])
    apparent = np.hypot(active, reactive) * np.sqrt(1.0 + 0.3**2)
    assert power.displacement_power_factor(active, reactive)[0] == pytest.approx(0.8)
    assert power.true_power_factor(active, apparent)[0] < 0.8


def test_no_power_has_no_power_factor() -> None:
    assert np.isnan(power.displacement_power_factor(np.zeros(1), np.zeros(1)))[0]
    assert np.isnan(power.true_power_factor(np.zeros(1), np.zeros(1)))[0]


def test_an_impossible_power_factor_is_refused_with_its_value() -> None:
    assert power.tan_phi(0.8) == pytest.approx(0.75)
    with pytest.raises(ValueError, match=r"received 1\.2"):
        power.tan_phi(1.2)


def test_a_power_factor_that_is_negative_with_p_says_nothing_of_q() -> None:
    fed_in = power.complete_powers(
        np.array([-80.0]), np.array([np.nan]), np.array([100.0]), np.array([-0.8])
    )  # fmt: skip
    assert fed_in.reactive_kvar == pytest.approx([60.0])
    assert fed_in.sign_assumed.all()
