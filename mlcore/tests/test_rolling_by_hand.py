"""Trailing windows in small numbers that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis.history import NO_PAST
from mlcore.diagnosis.rolling import (
    first_order,
    held_on,
    median_of_others,
    min_so_far,
    nan_median,
    shifted,
    steps_since,
    sum_since,
    window_any,
    window_mean,
    window_median,
    window_range,
)

NAN, INF = np.nan, np.inf


def row(*values: float) -> np.ndarray:
    return np.array([values], dtype=float)


def marks(pattern: str) -> np.ndarray:
    return np.array([[mark == "x" for mark in pattern]])


def test_a_mean_is_of_the_last_steps_and_of_all_there_are_at_the_start() -> None:
    np.testing.assert_array_equal(window_mean(row(3, 1, 5, 9), 2, NO_PAST), row(3, 2, 3, 7))


@pytest.mark.parametrize(("min_filled", "expected"), [(0.34, row(2, 2, NAN, 8)), (0.6, row(2, NAN, NAN, NAN))])
def test_a_window_with_too_little_in_it_says_nothing(min_filled: float, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(window_mean(row(2, NAN, NAN, 8), 2, NO_PAST, min_filled), expected)


def test_values_some_steps_earlier() -> None:
    np.testing.assert_array_equal(shifted(row(1, 2, 3), 2, NO_PAST), row(NAN, NAN, 1))
    assert np.isnan(shifted(row(1, 2, 3), 5, NO_PAST)).all()


def test_any_in_a_window_this_step_included() -> None:
    np.testing.assert_array_equal(window_any(marks("x....x"), 3, NO_PAST), marks("xxx..x"))


def test_a_median_passes_over_a_jump() -> None:
    np.testing.assert_array_equal(window_median(row(1, 1, 9, 1, 1), 3, NO_PAST), row(1, 1, 1, 1, 1))


def test_a_range_is_unknown_where_a_value_is_missing() -> None:
    np.testing.assert_array_equal(window_range(row(1, 4, 2, 2, NAN, 2), 3, NO_PAST), row(NAN, NAN, 3, 2, NAN, NAN))


def test_steps_since_something_was() -> None:
    np.testing.assert_array_equal(steps_since(marks("..x..x"), NO_PAST), row(INF, INF, 0, 1, 2, 0))


def test_a_sum_starts_again_at_every_reset() -> None:
    np.testing.assert_array_equal(sum_since(row(1, 2, 0, 3, 1), marks("..x.."), NO_PAST), row(1, 3, 0, 3, 4))


def test_the_smallest_so_far_passes_over_what_is_missing() -> None:
    np.testing.assert_array_equal(min_so_far(row(NAN, 4, 7, 2, NAN), NO_PAST), row(INF, 4, 4, 2, 2))


def test_a_gap_is_filled_with_the_last_value_however_long_it_is() -> None:
    np.testing.assert_array_equal(held_on(row(NAN, 5, NAN, NAN, NAN, 7), NO_PAST), row(NAN, 5, 5, 5, 5, 7))


def test_a_first_order_system_comes_closer_by_the_same_share_each_step() -> None:
    """It begins in balance, then goes to 1 with a time constant of one hour: 1 − e^(−t)."""
    response = first_order(row(0, 1, 1, 1), 3600.0, 3600.0, NO_PAST)[0]
    assert response[0] == 0.0
    left = 1.0 - response[1:]
    np.testing.assert_allclose(left[1:] / left[:-1], left[1] / left[0])
    assert 0.3 < left[1] / left[0] < 0.55, "e⁻¹ is 0.37; a step of the grid is coarse"


@pytest.mark.parametrize(("values", "median"), [((3.0, 1.0, 2.0), 2.0), ((3.0, NAN, 2.0), 2.5), ((NAN, NAN, 2.0), 2.0)])
def test_a_median_of_what_is_known(values: tuple[float, ...], median: float) -> None:
    assert nan_median(np.array([values]))[0] == median


def test_a_median_of_nothing_is_unknown() -> None:
    assert np.isnan(nan_median(np.full((1, 3), NAN)))[0]


def test_the_others_are_all_but_oneself() -> None:
    column = np.array([[1.0], [2.0], [10.0], [NAN]])
    np.testing.assert_array_equal(median_of_others(column)[:, 0], [6.0, 5.5, 1.5, 2.0])


def test_only_substations_of_the_same_group_are_asked() -> None:
    column = np.array([[1.0], [2.0], [10.0], [30.0], [20.0]])
    groups = np.array([0, 1, 0, 1, 1])
    np.testing.assert_array_equal(median_of_others(column, groups)[:, 0], [10.0, 25.0, 1.0, 11.0, 16.0])


def test_who_is_alone_has_no_others() -> None:
    assert np.isnan(median_of_others(np.array([[1.0], [2.0]]), np.array([0, 1]))).all()
