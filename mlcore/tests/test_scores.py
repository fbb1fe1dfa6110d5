"""A score is the smaller of two questions: unusual for this substation, and worth the loss? 1.0 is the threshold."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from mlcore.diagnosis import tuning
from mlcore.diagnosis.departures import Departures, loss_share, windowed_quantities
from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD
from mlcore.diagnosis.indicators import INDICATORS
from mlcore.diagnosis.parameters import Thresholds
from mlcore.diagnosis.rolling import window_mean
from mlcore.diagnosis.scores import Scores, score

from .judged_fleet import CHANGED, FIRST_H, LAST_H, judged


@lru_cache(maxsize=1)
def changed() -> Scores:
    """Without the sensitivity of the models and the settling of a record."""
    found = judged(is_changed=True)
    return score(found.departures, found.parameters.thresholds, WHOLE_RECORD)


def scored(departures: Departures, thresholds: Thresholds, name: str) -> np.ndarray:
    return np.asarray(score(departures, thresholds, WHOLE_RECORD).all_windows[..., INDICATORS.index(name)])


def lost_hours() -> np.ndarray:
    fleet = judged(is_changed=True).fleet
    hours = (fleet.at_s - fleet.at_s[0]) / 3600.0
    return np.asarray((hours >= FIRST_H + 3) & (hours < LAST_H))


def test_there_is_one_score_per_indicator_and_step() -> None:
    assert changed().all_windows.shape == (*judged().usable.reactive.shape, len(INDICATORS))


def test_a_lost_bank_is_far_above_the_threshold_and_calm_neighbours_are_below_it() -> None:
    reactive = changed().all_windows[..., INDICATORS.index("reactive")]
    assert np.nanmin(reactive[CHANGED, lost_hours()]) > 2.0
    others = np.delete(reactive, CHANGED, axis=0)
    assert np.nanmean(others > 1.0) < 0.01


def test_long_windows_can_only_add_to_the_short_ones() -> None:
    both = changed()
    known = np.isfinite(both.short_windows)
    assert (both.all_windows[known] >= both.short_windows[known]).all()


def test_the_score_of_the_kvar_is_the_smaller_of_unusual_and_costly_of_its_best_window() -> None:
    found = judged(is_changed=True)
    thresholds, departures = found.parameters.thresholds, found.departures
    at = CHANGED, int(np.flatnonzero(lost_hours())[10])
    by_window = []
    for hours in (0.5, 1.0, 3.0, 8.0, 24.0):
        steps = departures.fleet.steps(hours)
        mean = window_mean(departures.residuals.reactive_scaled, steps, NO_PAST)[at]
        unusual = mean / max(thresholds.windowed["reactive", hours][CHANGED], tuning.MIN_REACTIVE_SCALED)
        share = loss_share(departures, departures.rates.reactive, hours, WHOLE_RECORD, thresholds.usual_loss_kw)[at]
        costly = share / (tuning.MIN_REACTIVE_LOSS_PCT * tuning.WINDOW_STRICTNESS[hours])
        by_window.append(min(unusual, costly))
    assert changed().all_windows[(*at, INDICATORS.index("reactive"))] == pytest.approx(max(by_window))


def test_what_costs_nothing_scores_nothing_however_unusual() -> None:
    found = judged(is_changed=True)
    nothing = replace(found.departures.rates, reactive=np.zeros_like(found.departures.rates.reactive))
    for_free = scored(replace(found.departures, rates=nothing), found.parameters.thresholds, "reactive")
    assert np.nanmax(for_free) <= 0.0


def test_what_is_usual_scores_low_however_costly() -> None:
    found = judged(is_changed=True)
    thresholds = found.parameters.thresholds
    wide = replace(thresholds, windowed={key: 1000 * value for key, value in thresholds.windowed.items()})
    lost = scored(found.departures, wide, "reactive")[CHANGED, lost_hours()]
    assert np.nanmax(lost) < 0.1


def test_oil_is_over_its_threshold_or_the_least_that_is_worth_an_alarm() -> None:
    found = judged()
    thresholds, departures = found.parameters.thresholds, found.departures
    warm = replace(departures.residuals, oil_k=np.full_like(departures.residuals.oil_k, 8.0))
    limit = min(max(tuning.MIN_OIL_K, thresholds.windowed["oil_temperature", hours][0]) for hours in (3.0, 8.0))
    oil = scored(replace(departures, residuals=warm), thresholds, "oil_temperature")
    assert oil[0, 100] == pytest.approx(8.0 / limit)


def test_without_a_reading_at_this_step_there_is_no_score_whatever_windows_hold() -> None:
    found = judged(is_changed=True)
    at = int(np.flatnonzero(lost_hours())[10])
    reactive = found.departures.residuals.reactive.copy()
    reactive[CHANGED, at] = np.nan
    holed = replace(found.departures, residuals=replace(found.departures.residuals, reactive=reactive))
    series = scored(holed, found.parameters.thresholds, "reactive")[CHANGED]
    assert np.isnan(series[at])
    assert np.isfinite(series[at + 1])


@pytest.mark.parametrize(("growth", "loading", "is_scored"), [(0.4, 0.95, True), (0.05, 0.95, False)])
def test_an_overload_is_a_load_that_grew_and_not_a_high_one(growth: float, loading: float, is_scored: bool) -> None:
    """0.95 of the rating over the limit of 0.90, and only where the demand is well above the expected one."""
    found = judged()
    departures, thresholds = found.departures, found.parameters.thresholds
    grown = replace(departures.residuals, demand=np.full_like(departures.residuals.demand, growth))
    signals = replace(departures.signals, apparent=np.full_like(departures.signals.apparent, loading))
    overload = scored(replace(departures, residuals=grown, signals=signals), thresholds, "overload")[0, 100]
    if is_scored:
        assert overload >= loading / tuning.OVERLOAD_LOADING - 1e-9
    else:
        assert overload == 0.0


@pytest.mark.parametrize(
    ("growth", "share_pct", "expected"), [(0.6, 100.0, 1.2), (0.6, 25.0, 0.5), (0.3, 100.0, 0.6), (0.02, 0.0, 0.0)]
)
def test_a_gross_growth_is_told_below_the_largest_load_ever_seen(
    growth: float, share_pct: float, expected: float
) -> None:
    """Its score is the smaller of unusual (0.5 in logarithm) and costly (half of the loss)."""
    found = judged()
    thresholds = replace(
        found.parameters.thresholds,
        loading_largest=np.full(len(found.fleet.codes), 9.9),
        growth_extreme=np.full(len(found.fleet.codes), 0.1),
        usual_loss_kw=np.zeros(len(found.fleet.codes)),
    )
    operation = replace(found.departures.operation, local_kw=np.full_like(found.signals.active, 10.0))
    departures = replace(
        found.departures,
        operation=operation,
        residuals=replace(found.departures.residuals, demand=np.full_like(found.signals.active, growth)),
        rates=replace(found.departures.rates, overload=np.full_like(found.signals.active, share_pct / 10.0)),
    )
    assert scored(departures, thresholds, "overload")[0, 100] == pytest.approx(expected)


def test_a_voltage_that_moved_without_cost_is_no_loss() -> None:
    found = judged()
    departures, thresholds = found.departures, found.parameters.thresholds
    moved = replace(departures.residuals, voltage=np.full_like(departures.residuals.voltage, 0.05))
    costly = np.full_like(departures.rates.voltage, 0.5)
    with_cost, without = (
        scored(
            replace(departures, residuals=moved, rates=replace(departures.rates, voltage=rate)), thresholds, "voltage"
        )
        for rate in (costly, 0 * costly)
    )
    assert with_cost[0, 100] > 1.0
    assert without[0, 100] == 0.0


def test_the_step_covariance_is_over_what_is_usual() -> None:
    found = judged(is_changed=True)
    windowed = windowed_quantities(found.departures, WHOLE_RECORD)
    by_window = [
        windowed["step_covariance", hours]
        / found.parameters.thresholds.of("step_covariance", hours, tuning.MIN_STEP_COVARIANCE**2)
        for hours in (3.0, 8.0)
    ]
    np.testing.assert_allclose(changed().step_covariance, np.fmax(*by_window))


def test_a_fleet_without_models_has_no_scores() -> None:
    found = judged()
    nothing = found.parameters.nowhere().thresholds
    empty = replace(found.departures.residuals, reactive=np.full_like(found.departures.residuals.reactive, np.nan))
    assert np.isnan(scored(replace(found.departures, residuals=empty), nothing, "reactive")).all()
