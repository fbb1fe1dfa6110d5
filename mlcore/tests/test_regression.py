"""The robust regression against least squares and Huber's estimator worked out another way."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis.regression import HUBER_WIDTH, REWEIGHTINGS, ROWS_PER_FEATURE, fit_robust, predict

MAD_TO_SIGMA = 1.4826
# Draper & Smith, Applied Regression Analysis: steam used (pounds a month) against mean temperature (°F), first rows.
TEMPERATURE = np.array([35.3, 29.7, 30.8, 58.8, 61.4, 71.3, 74.4, 76.7, 70.7, 57.5, 46.4, 28.9])
STEAM = np.array([10.98, 11.13, 12.51, 8.40, 9.27, 8.73, 6.36, 8.50, 7.82, 9.14, 8.24, 12.19])


def line(x: np.ndarray) -> np.ndarray:
    return np.stack([np.ones_like(x), x], axis=-1)


def fitted(features: np.ndarray, target: np.ndarray, *, ridge: float = 0.0) -> np.ndarray:
    return np.asarray(fit_robust(features[None], target[None], np.ones((1, len(target)), dtype=bool), ridge)[0])


def huber(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Iteratively reweighted least squares, each time by numpy."""
    weight = np.ones(len(target))
    for _ in range(REWEIGHTINGS + 1):
        root = np.sqrt(weight)
        found = np.linalg.lstsq(features * root[:, None], target * root, rcond=None)[0]
        error = np.abs(target - features @ found)
        middle = np.sort(error)[(len(error) - 1) // 2]
        weight = np.minimum(1.0, HUBER_WIDTH * MAD_TO_SIGMA * middle / np.maximum(error, 1e-12))
    return np.asarray(found)


def test_of_rows_without_error_it_finds_the_plane_as_least_squares_does() -> None:
    rng = np.random.default_rng(3)
    features = np.column_stack([np.ones(40), rng.normal(size=(40, 2))])
    target = features @ [3.0, 2.0, -0.5]
    expected = np.linalg.lstsq(features, target, rcond=None)[0]
    np.testing.assert_allclose(fitted(features, target), expected, atol=1e-7)


def test_a_textbook_example_agrees_with_hubers_estimator() -> None:
    np.testing.assert_allclose(fitted(line(TEMPERATURE), STEAM), huber(line(TEMPERATURE), STEAM), rtol=1e-5)
    slope = np.linalg.lstsq(line(TEMPERATURE), STEAM, rcond=None)[0][1]
    assert fitted(line(TEMPERATURE), STEAM)[1] == pytest.approx(slope, rel=0.1)


def test_a_tenth_of_wild_rows_moves_least_squares_and_not_this() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 1, 200)
    target = 1.0 + 2.0 * x + 0.01 * rng.normal(size=200)
    target[::10] += 50.0
    plain = np.linalg.lstsq(line(x), target, rcond=None)[0]
    assert abs(plain[0] - 1.0) > 2.0
    np.testing.assert_allclose(fitted(line(x), target), [1.0, 2.0], atol=0.1)
    np.testing.assert_allclose(fitted(line(x), target), huber(line(x), target), atol=1e-4)


def test_rows_with_something_missing_are_left_out() -> None:
    features, target = line(TEMPERATURE), STEAM.copy()
    holes, answers = np.append(features, [[1.0, np.nan], [1.0, 50.0]], axis=0), np.append(target, [1e6, np.nan])
    np.testing.assert_allclose(fitted(holes, answers), fitted(features, target))


def test_the_ridge_is_the_same_for_degrees_and_for_millidegrees() -> None:
    small, large = (fitted(line(scale * TEMPERATURE), STEAM, ridge=0.1) for scale in (1.0, 1000.0))
    assert large[1] * 1000.0 == pytest.approx(small[1])
    assert large[0] == pytest.approx(small[0])


def test_too_few_rows_give_nothing_and_leave_the_others_alone() -> None:
    features = np.stack([line(TEMPERATURE)] * 2)
    mask = np.ones((2, len(STEAM)), dtype=bool)
    mask[0, 2 * ROWS_PER_FEATURE - 1 :] = False
    found = fit_robust(features, np.stack([STEAM] * 2), mask, 0.0)
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(found[1], fitted(line(TEMPERATURE), STEAM))


def test_a_prediction_is_the_sum_of_features_times_coefficients() -> None:
    found = predict(np.array([[[1.0, 2.0], [1.0, -1.0]]]), np.array([[3.0, 0.5]]))
    np.testing.assert_array_equal(found, [[4.0, 2.5]])
