"""Trailing windows look back only, and skip what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.diagnosis import rolling
from mlcore.diagnosis.alarm_episodes import alarm_states
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD, History, HistoryStore
from substations.electrical.power import FloatArray

NUMBERS = st.one_of(st.floats(-100, 100), st.just(float("nan")))
SERIES = st.lists(NUMBERS, min_size=1, max_size=60).map(lambda values: np.array([values]))
STEPS = st.integers(1, 12)


def _windows(values: np.ndarray, steps: int) -> list[np.ndarray]:
    return [values[0, max(0, k - steps + 1) : k + 1] for k in range(values.shape[1])]


@given(SERIES, STEPS)
def test_the_mean_is_that_of_what_is_present(values: np.ndarray, steps: int) -> None:
    found = rolling.window_mean(values, steps, NO_PAST)[0]
    for mean, window in zip(found, _windows(values, steps), strict=True):
        present = window[np.isfinite(window)]
        if present.size == 0 or present.size < rolling.MIN_FILLED * window.size:
            assert np.isnan(mean)
        else:
            assert mean == pytest.approx(present.mean(), abs=1e-9)


@given(SERIES, STEPS)
def test_range_and_any_agree_with_a_plain_loop(values: np.ndarray, steps: int) -> None:
    extents = rolling.window_range(values, steps, NO_PAST)[0]
    hits = rolling.window_any(values > 0, steps, NO_PAST)[0]
    for k, window in enumerate(_windows(values, steps)):
        assert hits[k] == (window > 0).any()
        if window.size == steps and np.isfinite(window).all():
            assert extents[k] == pytest.approx(np.ptp(window))
        elif window.size == steps:
            assert np.isnan(extents[k])


@given(SERIES, STEPS, st.integers(0, 59))
def test_nothing_looks_ahead(values: np.ndarray, steps: int, now: int) -> None:
    now = min(now, values.shape[1] - 1)
    later = values.copy()
    later[0, now + 1 :] = 55.0
    for function in (rolling.window_mean, rolling.window_median, rolling.window_range, rolling.held):
        before, after = function(values, steps, NO_PAST)[0, : now + 1], function(later, steps, NO_PAST)[0, : now + 1]
        assert np.allclose(before, after, equal_nan=True)


@given(st.lists(st.lists(NUMBERS, min_size=5, max_size=5), min_size=1, max_size=7).map(np.array))
def test_the_median_of_others_leaves_oneself_out(values: np.ndarray) -> None:
    found = rolling.median_of_others(values)
    for row in range(values.shape[0]):
        for step in range(values.shape[1]):
            others = np.delete(values[:, step], row)
            others = others[np.isfinite(others)]
            if others.size:
                assert found[row, step] == pytest.approx(np.median(others))
            else:
                assert np.isnan(found[row, step])


@given(SERIES, st.floats(0, 1))
def test_quantiles_agree_with_numpy(values: np.ndarray, share: float) -> None:
    found = rolling.quantile(values, np.ones(values.shape, dtype=bool), share)[0]
    present = values[np.isfinite(values)]
    if present.size:
        assert found == pytest.approx(np.quantile(present, share), abs=1e-9)
    else:
        assert np.isnan(found)


def test_a_value_is_held_for_so_many_steps_and_no_longer() -> None:
    found = rolling.held(np.array([[1.0, np.nan, np.nan, np.nan, 2.0]]), 2, NO_PAST)[0]
    assert np.array_equal(found, [1.0, 1.0, 1.0, np.nan, 2.0], equal_nan=True)


REMEMBERED: dict[str, Callable[[FloatArray, int, History], Any]] = {
    "mean": lambda values, steps, history: rolling.window_mean(values, steps, history.of("it")),
    "any": lambda values, steps, history: rolling.window_any(values > 0, steps, history.of("it")),
    "median": lambda values, steps, history: rolling.window_median(values, steps, history.of("it")),
    "range": lambda values, steps, history: rolling.window_range(values, steps, history.of("it")),
    "shifted": lambda values, steps, history: rolling.shifted(values, steps, history.of("it")),
    "held": lambda values, steps, history: rolling.held(values, steps, history.of("it")),
    "held on": lambda values, steps, history: rolling.held_on(values, history.of("it")),
    "steps since": lambda values, steps, history: rolling.steps_since(values > 50, history.of("it")),
    "sum since": lambda values, steps, history: rolling.sum_since(
        np.abs(np.nan_to_num(values)), values < -50, history.of("it")
    ),
    "min so far": lambda values, steps, history: rolling.min_so_far(values, history.of("it")),
    "first order": lambda values, steps, history: rolling.first_order(
        np.nan_to_num(values), 60.0, 60.0 * steps, history.of("it")
    ),
    "alarm": lambda values, steps, history: alarm_states(values / 40, 900.0, history),
}


@pytest.mark.parametrize("name", REMEMBERED)
@given(SERIES, STEPS, st.lists(st.integers(1, 9), max_size=12), st.integers(0, 4), st.data())
def test_a_record_may_be_cut_anywhere_and_its_newest_steps_taken_back(
    name: str, values: np.ndarray, steps: int, lengths: list[int], spare: int, data: st.DataObject
) -> None:
    function, store, at = REMEMBERED[name], HistoryStore(spare), 0
    wanted: FloatArray = np.asarray(function(values, steps, WHOLE_RECORD), dtype=np.float64)
    for length in [*lengths, values.shape[1]]:
        back = data.draw(st.integers(0, store.rewindable_steps))
        store.rewind(back)
        first, at = at - back, min(at - back + length, values.shape[1])
        if at == first:
            continue
        with store.advancing(at - first) as history:
            found: FloatArray = np.asarray(function(values[:, first:at], steps, history), dtype=np.float64)
        np.testing.assert_allclose(found, wanted[:, first:at], rtol=1e-9, atol=1e-7)
