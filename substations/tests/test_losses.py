"""Losses agree with hand calculation, and changes with differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substations.electrical import losses


def _surface(active: float, reactive: float) -> losses.LossSurface:
    r_kw = 0.4 * 1000.0 / 11_000.0**2
    return losses.LossSurface(
        active_kw=np.array([[active]]),
        reactive_kvar=np.array([[reactive]]),
        transformer_per_kva2=np.array([[10.5 / 1000.0**2]]),
        feeder_active=np.array([[r_kw * active]]),
        feeder_reactive=np.array([[r_kw * reactive]]),
        feeder_curvature=np.array([[r_kw]]),
        reactance_per_kva=np.zeros((1, 1)),
    )


def test_distortion_and_heat_raise_the_load_loss_as_the_standards_say() -> None:
    cold, warm = np.array(75.0), np.array(100.0)
    assert losses.load_loss_factor(np.array(0.0), cold) == pytest.approx(1.0)
    assert losses.load_loss_factor(np.array(0.15), cold) == pytest.approx(1.13, abs=0.01)
    assert losses.load_loss_factor(np.array(0.30), cold) == pytest.approx(1.50, abs=0.01)
    ratio = (235 + 100) / (235 + 75)
    assert losses.load_loss_factor(np.array(0.0), warm) == pytest.approx(0.9 * ratio + 0.1 / ratio)


def test_unbalanced_currents_lose_more_than_the_same_current_in_balance() -> None:
    assert losses.imbalance_factor(np.array([1.5, 0.75, 0.75])) == pytest.approx(1.125)
    assert losses.imbalance_factor(np.array([10.0, 10.0, 10.0])) == pytest.approx(1.0)


@given(
    active=st.floats(10, 1000),
    reactive=st.floats(-500, 500),
    d_active=st.floats(-300, 300),
    d_reactive=st.floats(-300, 300),
)
def test_a_change_is_the_difference_of_two_operating_points(
    active: float, reactive: float, d_active: float, d_reactive: float
) -> None:
    def local(p: float, q: float) -> float:
        surface = _surface(p, q)
        return float((surface.transformer_per_kva2 * (p**2 + q**2) + surface.feeder_share_kw())[0, 0])

    found = float(_surface(active, reactive).change_kw(d_active, d_reactive)[0, 0])
    wanted = local(active, reactive) - local(active - d_active, reactive - d_reactive)
    assert found == pytest.approx(wanted, rel=0.15, abs=0.05)
    own = float(_surface(active, reactive).local_change_kw(d_active, d_reactive)[0, 0])
    assert own == pytest.approx(wanted, rel=0.15, abs=0.6)


@given(active=st.floats(0, 1000), reactive=st.floats(-1000, 1000), target=st.floats(0.8, 1.0))
def test_what_remains_after_compensation_meets_the_target(active: float, reactive: float, target: float) -> None:
    p, q = np.array([active]), np.array([reactive])
    surplus = losses.reactive_surplus_kvar(p, q, target)
    assert np.sign(surplus[0]) in (0.0, np.sign(reactive))
    allowed = active * np.sqrt(1 - target**2) / target
    assert abs(q[0] - surplus[0]) <= allowed + 1e-6 or surplus[0] == 0.0
