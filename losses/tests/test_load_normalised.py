"""Before and after at equal active power."""

from __future__ import annotations

import numpy as np
import pytest

from losses.compensation.load_normalised import NormalisedChange, change_point, normalised_change

rng = np.random.default_rng(7)
DAYS = 40
DAY = np.repeat(np.arange(DAYS), 24)
BEFORE = DAY < 20
SHAPE = np.tile(1 + 0.5 * np.sin(np.arange(24) / 24 * 2 * np.pi), DAYS)


def change(saved: float, growth: float = 1.0, noise: float = 2.0) -> NormalisedChange:
    active = 300.0 * SHAPE * np.where(BEFORE, 1.0, growth) + rng.normal(0, 5, DAYS * 24)
    reactive = 0.75 * active + rng.normal(0, noise, DAYS * 24) - np.where(BEFORE, 0.0, saved)
    found = normalised_change(active, reactive, DAY, BEFORE, ~BEFORE)
    assert found is not None
    return found


def test_a_bank_is_found_whatever_the_load_did() -> None:
    for growth in (1.0, 0.9, 1.1):
        found = change(100.0, growth)
        assert found.saved == pytest.approx(100, abs=6)
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.saved < found.high


def test_a_plain_difference_would_have_been_wrong() -> None:
    # A tenth more load draws 22 kvar more: without its like before, a bank of 20 kvar seems to have done nothing.
    found = change(20.0, 1.1)
    assert found.saved == pytest.approx(20, abs=6)


def test_nothing_done_is_nothing_found() -> None:
    found = change(0.0)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high


def test_loads_without_their_like_are_not_compared() -> None:
    active = np.where(BEFORE, 100.0, 900.0) + rng.normal(0, 5, DAYS * 24)
    assert normalised_change(active, active, DAY, BEFORE, ~BEFORE) is None


def test_too_few_days_have_no_interval() -> None:
    active = 300.0 * SHAPE
    found = normalised_change(active, active, DAY, DAY == 19, ~BEFORE)
    assert found is not None
    assert found.low is None


def test_gaps_are_left_out() -> None:
    active = 300.0 * SHAPE
    values = 0.75 * active - np.where(BEFORE, 0.0, 50.0)
    values[::3] = np.nan
    found = normalised_change(active, values, DAY, BEFORE, ~BEFORE)
    assert found is not None
    assert found.saved == pytest.approx(50, abs=5)
    assert normalised_change(active, values * np.nan, DAY, BEFORE, ~BEFORE) is None


@pytest.mark.parametrize("count", [0, 1, 40, 99, 100])
def test_a_step_is_found_where_it_is(count: int) -> None:
    values = np.where(np.arange(100) < count, 50.0, 0.0) + rng.normal(0, 5, 100)
    assert change_point(values, 50.0) == count
    assert change_point(np.where(np.arange(100) == 7, np.nan, values), 50.0) == count
