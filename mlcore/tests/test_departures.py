"""Windows over what departs: means, shares of the loss, and how kvar follow kW step by step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import loss_share, step_covariance, steps_of_power, windowed_quantities
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.indicators import WITH_THRESHOLD

STEPS = 60  # of half an hour


def departures(**series: Any) -> Any:
    """What is looked at, of one substation; what a test does not name is zero, the local loss is 10 kW."""
    length = len(next(iter(series.values()))) if series else STEPS

    def of(name: str, otherwise: float = 0.0) -> np.ndarray:
        return np.asarray(series.get(name, np.full(length, otherwise)), dtype=np.float64)[None]

    return SimpleNamespace(
        fleet=SimpleNamespace(steps=lambda hours: max(1, round(2 * hours)), interval_s=1800),
        signals=SimpleNamespace(active=of("active")),
        operation=SimpleNamespace(local_kw=of("local_kw", 10.0)),
        residuals=SimpleNamespace(
            reactive=of("reactive"),
            reactive_scaled=of("reactive_scaled"),
            imbalance=of("imbalance"),
            oil_k=of("oil_k"),
            voltage=of("voltage"),
            generation=of("generation"),
        ),
        rates=SimpleNamespace(distortion=of("distortion_kw")),
    )


def test_every_quantity_with_a_threshold_is_there_and_no_other() -> None:
    assert set(windowed_quantities(departures(), WHOLE_RECORD)) == set(WITH_THRESHOLD)


def test_a_residual_is_looked_at_as_its_trailing_mean() -> None:
    ramp = np.arange(STEPS, dtype=float)
    windowed = windowed_quantities(departures(reactive_scaled=ramp), WHOLE_RECORD)
    assert windowed["reactive", 0.5][0, 20] == 20.0
    assert windowed["reactive", 1.0][0, 20] == 19.5  # of 19 and 20
    assert windowed["reactive", 3.0][0, 20] == pytest.approx(np.mean([15, 16, 17, 18, 19, 20]))


def test_a_voltage_that_is_low_departs_as_much_as_one_that_is_high() -> None:
    windowed = windowed_quantities(departures(voltage=np.full(STEPS, -0.03)), WHOLE_RECORD)
    np.testing.assert_allclose(windowed["voltage", 1.0], 0.03)


def test_voltages_that_swing_around_the_expected_one_cancel_before_their_size_is_taken() -> None:
    swing = np.where(np.arange(STEPS) % 2, 0.05, -0.05)
    windowed = windowed_quantities(departures(voltage=swing), WHOLE_RECORD)
    np.testing.assert_allclose(windowed["voltage", 1.0][0, 1:], 0.0, atol=1e-12)


def test_distortion_is_looked_at_as_its_share_of_the_loss() -> None:
    windowed = windowed_quantities(departures(distortion_kw=np.full(STEPS, 0.25)), WHOLE_RECORD)
    np.testing.assert_allclose(windowed["distortion", 3.0], 2.5)


def test_a_share_is_extra_loss_over_the_local_loss_of_the_same_steps() -> None:
    rate, local = np.array([1.0, np.nan, 3.0, 2.0]), np.array([10.0, 999.0, 20.0, 10.0])
    share = loss_share(departures(local_kw=local), rate[None], 2.0, WHOLE_RECORD)
    assert share[0, 3] == pytest.approx(100.0 * (1 + 3 + 2) / (10 + 20 + 10)), (
        "a step without a rate has no loss either"
    )


def test_next_to_nothing_at_night_is_no_large_share() -> None:
    found = departures(local_kw=np.full(4, 2.0))
    rate = np.full((1, 4), 1.0)
    assert loss_share(found, rate, 1.0, WHOLE_RECORD)[0, -1] == pytest.approx(50.0)
    assert loss_share(found, rate, 1.0, WHOLE_RECORD, np.array([10.0]))[0, -1] == pytest.approx(10.0)


def test_a_small_substation_counts_as_one_with_a_loss_worth_a_look() -> None:
    found = departures(local_kw=np.full(4, 0.1))
    share = loss_share(found, np.full((1, 4), 0.05), 1.0, WHOLE_RECORD, np.array([0.1]))
    assert share[0, -1] == pytest.approx(100.0 * 0.05 / tuning.MIN_USUAL_LOSS_KW)


def test_steps_are_changes_since_the_reading_before() -> None:
    active, reactive = steps_of_power(departures(active=[1.0, 3.0, 2.0], reactive=[0.0, 0.5, 0.5]), WHOLE_RECORD)
    np.testing.assert_array_equal(active, [[np.nan, 2.0, -1.0]])
    np.testing.assert_array_equal(reactive, [[np.nan, 0.5, 0.0]])


def test_kvar_that_come_and_go_with_kw_have_a_positive_covariance_and_its_root_is_of_the_steps() -> None:
    on_and_off = np.where(np.arange(STEPS) % 2, 0.1, 0.0)
    covariance, root = step_covariance(departures(active=on_and_off, reactive=0.5 * on_and_off), WHOLE_RECORD)
    np.testing.assert_allclose(covariance[3.0][0, 10:], 0.1 * 0.05)
    np.testing.assert_allclose(root[3.0][0, 10:], np.sqrt(0.1 * 0.05))


def test_a_lost_capacitor_moves_q_alone_and_has_none() -> None:
    lost = np.where(np.arange(STEPS) > 20, 0.2, 0.0)
    covariance, root = step_covariance(departures(active=np.full(STEPS, 0.5), reactive=lost), WHOLE_RECORD)
    np.testing.assert_array_equal(covariance[8.0][0, 20:], 0.0)
    np.testing.assert_array_equal(root[8.0][0, 20:], 0.0)


def test_kvar_that_fall_when_kw_rise_count_against_it() -> None:
    on_and_off = np.where(np.arange(STEPS) % 2, 0.1, 0.0)
    covariance, root = step_covariance(departures(active=on_and_off, reactive=-on_and_off), WHOLE_RECORD)
    assert covariance[3.0][0, -1] == pytest.approx(-0.01)
    assert root[3.0][0, -1] == pytest.approx(-0.1)


def test_of_a_window_with_fewer_than_half_of_its_steps_nothing_is_said() -> None:
    on_and_off = np.where(np.arange(STEPS) % 2, 0.1, 0.0)
    holes = np.where(np.arange(STEPS) % 4 < 2, on_and_off, np.nan)  # every second step has no reading before it
    covariance, _root = step_covariance(departures(active=holes, reactive=holes), WHOLE_RECORD)
    assert np.isnan(covariance[3.0][0, 20:]).all()
