"""Which cause an episode gets, from how P and Q moved."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis.causes import CAUSE_OF_INDICATOR, LOSS_CAUSES, CauseAssessment, name_cause, step_spread
from mlcore.diagnosis.indicators import INDICATORS

STEPS = 200  # of half an hour
START, STOP = 50, 90
SPREAD = np.array([0.01])


def departures(active: np.ndarray, excess: np.ndarray, expected: float = 0.5) -> Any:
    """What the naming of a cause looks at, of one substation."""
    return SimpleNamespace(
        fleet=SimpleNamespace(steps=lambda hours: round(2 * hours)),
        signals=SimpleNamespace(active=active[None]),
        residuals=SimpleNamespace(
            reactive=excess[None],
            expected_active=np.full((1, STEPS), expected),
            expected_reactive=np.full((1, STEPS), 0.2),
            generation=np.zeros((1, STEPS)),
        ),
    )


def named(indicator: str, active: np.ndarray, excess: np.ndarray, follows: float = 0.0, **when: int) -> CauseAssessment:
    covariance = np.full((1, STEPS), follows)
    start, stop = when.get("start", START), when.get("stop", STOP)
    return name_cause(departures(active, excess), covariance, SPREAD, 0, INDICATORS.index(indicator), start, stop)


def quiet() -> np.ndarray:
    return np.full(STEPS, 0.5)


def during(height: float, start: int = START, stop: int = STOP) -> np.ndarray:
    series = np.zeros(STEPS)
    series[start:stop] = height
    return series


def test_kvar_that_stay_whatever_the_load_does_are_a_lost_capacitor() -> None:
    found = named("reactive", quiet(), during(0.15))
    assert (found.cause, found.runner_up) == ("capacitor_failure", "low_pf_motor")
    assert found.clearness > 0.5
    assert found.figures["mean_reactive_excess_pu"] == pytest.approx(0.15, rel=0.05)


def test_kvar_that_come_with_a_large_step_of_load_are_a_load_with_a_low_power_factor() -> None:
    found = named("reactive", quiet() + during(0.12), during(0.12), follows=5.0)
    assert (found.cause, found.runner_up) == ("low_pf_motor", "capacitor_failure")
    assert found.figures["kvar_per_kw_in_steps"] == pytest.approx(1.0)
    assert found.figures["motor_points"] > found.figures["motor_limit"]


def test_load_that_grew_with_its_usual_kvar_is_an_overload() -> None:
    found = named("overload", quiet() + during(0.5), during(0.02))
    assert (found.cause, found.runner_up) == ("overload", "low_pf_motor")
    assert found.figures["reactive_per_growth"] == pytest.approx(0.04, rel=0.1)


def test_an_overload_with_far_too_many_kvar_is_something_else() -> None:
    assert named("overload", quiet() + during(0.5), during(0.4)).cause == "low_pf_motor"
    assert named("overload", quiet(), during(0.4)).cause == "capacitor_failure"


@pytest.mark.parametrize("indicator", ["distortion", "imbalance", "voltage", "oil_temperature"])
def test_other_indicators_name_their_own_cause(indicator: str) -> None:
    found = named(indicator, quiet(), during(0.0))
    assert found.cause == CAUSE_OF_INDICATOR[indicator] != found.runner_up
    assert {found.cause, found.runner_up} <= set(LOSS_CAUSES)


def test_the_slope_is_that_of_least_squares_through_the_origin() -> None:
    rng = np.random.default_rng(2)
    active, excess = 0.5 + 0.1 * rng.normal(size=STEPS), 0.1 * rng.normal(size=STEPS)
    found = named("reactive", active, excess)
    steps = slice(START - 1, STOP)
    moved, with_it = np.diff(active[steps]), np.diff(excess[steps])
    large = np.abs(moved) > 2.5 * SPREAD[0]
    expected = np.linalg.lstsq(moved[large, None], with_it[large], rcond=None)[0][0]
    assert found.figures["kvar_per_kw_in_steps"] == pytest.approx(expected)


def test_what_happens_after_the_first_day_does_not_count() -> None:
    later = during(0.4, START + 60, START + 100)
    alone, followed = (named("reactive", quiet() + extra, during(0.15), stop=STEPS) for extra in (0 * later, later))
    assert followed == alone


def test_missing_readings_are_no_figures() -> None:
    hole = np.where(during(1.0) > 0, np.nan, 0.5)
    found = named("reactive", hole, hole)
    assert all(np.isfinite(value) for value in found.figures.values())


def test_the_spread_of_steps_is_their_root_mean_square_on_normal_rows() -> None:
    rng = np.random.default_rng(4)
    active = 0.5 + 0.02 * rng.normal(size=STEPS)
    normal = np.ones((1, STEPS), dtype=bool)
    normal[0, :20] = False
    steps = np.diff(active)[19:]
    found = step_spread(departures(active, np.zeros(STEPS)), normal)
    assert found[0] == pytest.approx(np.sqrt((steps**2).mean()))
