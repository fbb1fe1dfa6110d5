"""Measured less expected: what most neighbours do at once is nobody's own departure."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD
from mlcore.diagnosis.residuals import RESIDUAL_NAMES, _still_doubted, common_movement, stacked_residuals

from .judged_fleet import CHANGED, FIRST_H, LAST_H, judged
from .small_fleet import empty_fleet

BAND = tuning.COMMON_DEAD_BAND


def moved(values: np.ndarray) -> np.ndarray:
    count, length = values.shape
    return common_movement(empty_fleet(count, length), values, BAND, NO_PAST)


def test_what_all_others_do_at_once_is_common_beyond_a_dead_band() -> None:
    common = moved(np.full((5, 10), 2.0))
    np.testing.assert_allclose(common, 2.0 - BAND)
    np.testing.assert_allclose(moved(np.full((5, 10), -2.0)), -(2.0 - BAND))


def test_within_the_dead_band_nothing_is_common() -> None:
    np.testing.assert_array_equal(moved(np.full((5, 10), 0.9 * BAND)), 0.0)


def test_what_one_does_alone_is_common_to_nobody() -> None:
    values = np.zeros((5, 10))
    values[2] = 10.0
    np.testing.assert_array_equal(moved(values), 0.0)


def test_with_three_in_all_nobody_knows_what_is_common() -> None:
    np.testing.assert_array_equal(moved(np.full((3, 10), 2.0)), 0.0)
    assert (moved(np.full((4, 10), 2.0)) > 0).all()


def test_a_short_jump_of_the_others_is_passed_over() -> None:
    """The median of two hours: here of two steps of an hour, so that half of one jump is left, and then nothing."""
    values = np.zeros((5, 10))
    values[:, 4] = 3.0
    common = moved(values)[0]
    assert common[4] == pytest.approx(1.5 - BAND)
    assert common[6] == 0.0


def doubted(doubts: list[int], oil_k: np.ndarray) -> np.ndarray:
    mask = np.zeros((1, len(oil_k)), dtype=bool)
    mask[0, doubts] = True
    return np.asarray(_still_doubted(empty_fleet(1, len(oil_k)), mask, oil_k[None], WHOLE_RECORD)[0])


def test_an_oil_sensor_is_doubted_until_it_agrees_with_load_and_weather_again() -> None:
    oil_k = np.where(np.arange(48) < 20, 10.0, 0.0)
    result = doubted([5], oil_k)
    assert not result[:5].any()
    assert result[5:20].all()
    agreed = 20 + int(tuning.OIL_AGREES_H) - 1  # the mean of three hours is within 3 K: 0 K of three readings
    assert not result[agreed:].any()


def test_one_that_never_agrees_is_believed_again_after_some_days() -> None:
    """A cooling that failed at the same time would stay hidden otherwise."""
    result = doubted([5], np.full(120, 10.0))
    assert result[5 : 5 + int(tuning.OIL_DOUBT_H)].all()
    assert not result[5 + int(tuning.OIL_DOUBT_H) :].any()


def test_one_that_did_nothing_impossible_is_never_doubted() -> None:
    assert not doubted([], np.full(48, 20.0)).any()


def test_calm_readings_are_close_to_what_is_expected() -> None:
    residuals = judged().departures.residuals
    assert np.nanstd(residuals.reactive) < 0.01
    assert np.nanstd(residuals.voltage) < 0.005
    assert np.nanmedian(np.abs(residuals.reactive_scaled)) < 2.0


def test_a_lost_bank_shows_as_the_kvar_that_are_missing() -> None:
    """0.16 of the rating, for two days, on one substation."""
    found = judged(is_changed=True)
    hours = (found.fleet.at_s - found.fleet.at_s[0]) / 3600.0
    inside = (hours >= FIRST_H + 1) & (hours < LAST_H)
    reactive = found.departures.residuals.reactive
    assert np.nanmedian(reactive[CHANGED, inside]) == pytest.approx(0.16, abs=0.01)
    others = np.delete(reactive, CHANGED, axis=0)
    assert np.nanmedian(np.abs(others[:, inside])) < 0.01


def test_a_residual_is_the_measured_quantity_less_its_expectation() -> None:
    found = judged()
    residuals, signals = found.departures.residuals, found.signals
    known = np.isfinite(residuals.voltage)
    np.testing.assert_allclose((signals.voltage - residuals.expected_voltage)[known], residuals.voltage[known])
    known = np.isfinite(residuals.oil_k)
    np.testing.assert_allclose((signals.oil_c - residuals.expected_oil_c)[known], residuals.oil_k[known])


def test_what_cannot_be_judged_has_no_residual() -> None:
    found = judged()
    assert np.isnan(found.departures.residuals.reactive[~found.usable.reactive]).all()
    assert np.isnan(found.departures.residuals.oil_k[~found.usable.oil]).all()


def test_the_autoencoder_gets_them_in_the_order_of_their_names() -> None:
    residuals = judged().departures.residuals
    stacked = stacked_residuals(residuals)
    assert stacked.shape[-1] == len(RESIDUAL_NAMES)
    for name, series in (("imbalance", residuals.imbalance), ("oil_temperature", residuals.oil_k)):
        np.testing.assert_array_equal(stacked[..., RESIDUAL_NAMES.index(name)], series)
