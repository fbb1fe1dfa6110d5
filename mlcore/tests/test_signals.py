"""Readings as electrical quantities in per unit of the transformer's own rating (500 kVA, 400 V)."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis.signals import as_reported, measure

from .small_fleet import small_fleet

ROOT3 = np.sqrt(3.0)


def test_powers_and_voltage_are_over_the_rating() -> None:
    signals = measure(
        small_fleet(
            {
                "active_power_kw": [[300.0]],
                "reactive_power_kvar": [[400.0]],
                "apparent_power_kva": [[500.0]],
                "voltage_avg_v": [[404.0]],
            }
        )
    )
    assert (signals.active[0, 0], signals.reactive[0, 0], signals.apparent[0, 0]) == (0.6, 0.8, 1.0)
    assert signals.voltage[0, 0] == pytest.approx(1.01)


def test_a_missing_reactive_power_follows_from_p_and_s() -> None:
    """3, 4, 5."""
    signals = measure(small_fleet({"active_power_kw": [[150.0]], "apparent_power_kva": [[250.0]]}))
    assert abs(signals.reactive[0, 0]) == pytest.approx(200.0 / 500.0)
    assert signals.sign_assumed[0, 0]


def test_the_line_voltages_count_before_their_average_and_one_that_is_missing_is_left_out() -> None:
    lines = {"voltage_l12_v": [[398.0]], "voltage_l23_v": [[402.0]], "voltage_l31_v": [[np.nan]]}
    assert measure(small_fleet(lines | {"voltage_avg_v": [[380.0]]})).voltage[0, 0] == pytest.approx(1.0)
    assert measure(small_fleet({"voltage_avg_v": [[380.0]]})).voltage[0, 0] == pytest.approx(0.95)


def test_phase_shares_are_currents_over_their_mean() -> None:
    currents = {"current_l1_a": [[90.0]], "current_l2_a": [[100.0]], "current_l3_a": [[110.0]]}
    np.testing.assert_allclose(measure(small_fleet(currents)).phase_share[0, 0], [0.9, 1.0, 1.1])


def test_a_transformer_without_current_has_no_shares() -> None:
    currents = {f"current_l{phase}_a": [[0.0]] for phase in (1, 2, 3)}
    assert np.isnan(measure(small_fleet(currents)).phase_share).all()


def test_distortion_is_the_median_phase_so_that_one_broken_phase_moves_nothing() -> None:
    thd = {"thd_current_l1_pct": [[5.0]], "thd_current_l2_pct": [[6.0]], "thd_current_l3_pct": [[60.0]]}
    assert measure(small_fleet(thd)).distortion[0, 0] == pytest.approx(0.06)


def test_distortion_is_over_the_current_that_s_needs_in_balance() -> None:
    """A phase that carries half the mean current with 10 % THD holds 5 % of harmonic current."""
    needed_a = 200.0 * 1000.0 / (ROOT3 * 400.0)
    channels = {"apparent_power_kva": [[200.0]], "voltage_avg_v": [[400.0]]}
    for phase in (1, 2, 3):
        channels |= {f"current_l{phase}_a": [[needed_a / 2]], f"thd_current_l{phase}_pct": [[10.0]]}
    assert measure(small_fleet(channels)).distortion[0, 0] == pytest.approx(0.05)


def test_what_s_and_p_leave_for_q_is_without_the_harmonics() -> None:
    thd = {f"thd_current_l{phase}_pct": [[75.0]] for phase in (1, 2, 3)}
    powers = {"active_power_kw": [[240.0]], "apparent_power_kva": [[500.0]]}
    fundamental = 500.0 / 1.25  # √(1 + 0.75²) = 1.25
    left = np.sqrt(fundamental**2 - 240.0**2) / 500.0
    assert measure(small_fleet(powers | thd)).reactive_from_apparent[0, 0] == pytest.approx(left)


def test_a_reading_beyond_physics_counts_as_none_as_a_whole_and_is_shown_all_the_same() -> None:
    fleet = small_fleet({"active_power_kw": [[100.0, 9e9]], "oil_temperature_c": [[50.0, 51.0]]})
    signals = measure(fleet)
    np.testing.assert_array_equal(signals.beyond_physics, [[False, True]])
    np.testing.assert_array_equal(np.isnan(signals.oil_c), [[False, True]])
    np.testing.assert_array_equal(as_reported(fleet).oil_c, [[50.0, 51.0]])


def test_infinity_is_beyond_physics() -> None:
    signals = measure(small_fleet({"oil_temperature_c": [[np.inf, 50.0]]}))
    np.testing.assert_array_equal(signals.beyond_physics, [[True, False]])
