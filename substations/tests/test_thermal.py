"""The top-oil model of IEC 60076-7."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from substations.electrical.thermal import first_order_lag, top_oil_rise_k, ultimate_top_oil_rise_k


def test_rated_load_ends_at_the_rated_rise() -> None:
    assert ultimate_top_oil_rise_k(np.array(1.0), 6.0) == pytest.approx(55.0)
    assert ultimate_top_oil_rise_k(np.array(0.0), 6.0) == pytest.approx(55.0 * (1 / 7) ** 0.8)


def test_a_load_step_reaches_63_percent_after_one_time_constant() -> None:
    load = np.r_[np.zeros(1), np.ones(600)]
    rise = top_oil_rise_k(load, 6.0, interval_s=60.0, time_constant_min=180.0)
    cold, hot = ultimate_top_oil_rise_k(np.array([0.0, 1.0]), 6.0)
    assert rise[180] == pytest.approx(cold + (1 - np.exp(-1)) * (hot - cold), rel=1e-6)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=200), st.floats(1.0, 50.0))
def test_doubling_gives_the_same_as_the_recursion(values: list[float], constant: float) -> None:
    series = np.array(values)
    decay, wanted = np.exp(-1.0 / constant), [series[0]]
    for value in series[1:]:
        wanted.append(decay * wanted[-1] + (1 - decay) * value)
    assert first_order_lag(series, 1.0, constant) == pytest.approx(np.array(wanted), abs=1e-5)


def test_each_substation_has_its_own_time_constant() -> None:
    both = first_order_lag(np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]), 1.0, np.array([1.0, 10.0]))
    assert both[0, -1] > both[1, -1]
