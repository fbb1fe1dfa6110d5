"""What each departure costs, against the formulas of a transformer without feeders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from mlcore.diagnosis.loss_rates import LossRates, loss_rates
from substations.electrical.losses import no_load_loss_kw

from .judged_fleet import CHANGED, FIRST_H, LAST_H, judged
from .made_fleet import RATED_KVA


def rates(**changed: Any) -> LossRates:
    """Loss rates of the calm fleet with some residuals put in the place of its own."""
    found = judged()
    residuals = replace(found.departures.residuals, **changed)
    operation, expectations = found.departures.operation, found.parameters.expectations
    return loss_rates(found.fleet, found.signals, operation, residuals, expectations)


def like(value: float) -> np.ndarray:
    return np.full(judged().fleet.values.shape[:2], value)


def test_nothing_departs_and_nothing_is_lost() -> None:
    distortion = judged().departures.operation.distortion
    found = rates(
        reactive=like(0.0), distortion=like(0.0), expected_distortion=distortion, voltage=like(0.0), oil_k=like(0.0)
    )
    for part in (found.reactive, found.distortion, found.voltage, found.cooling):
        np.testing.assert_allclose(part, 0.0, atol=1e-9)


def test_extra_kvar_cost_the_difference_of_two_squares() -> None:
    surface = judged().departures.operation.surface
    extra_kvar = 0.1 * RATED_KVA
    before = surface.reactive_kvar - extra_kvar
    expected = surface.transformer_per_kva2 * (surface.reactive_kvar**2 - before**2)
    np.testing.assert_allclose(rates(reactive=like(0.1)).reactive, expected, rtol=1e-6)
    np.testing.assert_allclose(rates(reactive=like(0.1)).local_reactive, expected, rtol=1e-6)


def test_kvar_that_are_missing_save_loss_while_there_are_any_left() -> None:
    lagging = judged().departures.operation.surface.reactive_kvar > 0
    assert (rates(reactive=like(-0.01)).reactive[lagging] < 0).all()


def test_a_kelvin_of_oil_costs_a_fifth_of_a_per_cent_of_the_load_loss() -> None:
    load_kw = judged().departures.operation.load_kw
    np.testing.assert_allclose(rates(oil_k=like(1.0)).cooling, 0.00195 * load_kw)


def test_a_voltage_above_the_expected_one_costs_in_the_core() -> None:
    operation = judged().departures.operation
    core_kw = operation.no_load_kw - no_load_loss_kw(operation.no_load_w, operation.voltage - 0.05)
    found = rates(voltage=like(0.05)).voltage
    assert (core_kw > 0).all()
    assert (np.abs(found - core_kw) < operation.load_kw * 0.1).all()


def test_the_total_is_the_sum_of_what_is_known_and_unknown_without_kvar() -> None:
    found = judged().departures.rates
    parts = np.nansum((found.reactive, found.imbalance, found.distortion, found.cooling), axis=0)
    known = np.isfinite(found.reactive)
    np.testing.assert_allclose(found.total()[known], parts[known])
    assert np.isnan(replace(found, reactive=like(np.nan)).total()).all()


def test_what_the_target_power_factor_would_save_is_never_negative_and_nothing_above_it() -> None:
    found = judged()
    surface, avoidable = found.departures.operation.surface, found.departures.rates.avoidable
    factor = surface.active_kw / np.hypot(surface.active_kw, surface.reactive_kvar)
    target = found.fleet.nameplates[0].target_power_factor
    assert (avoidable >= 0).all()
    np.testing.assert_allclose(avoidable[factor > target], 0.0, atol=1e-9)


def test_a_lost_bank_costs_where_and_while_it_is_lost() -> None:
    found = judged(is_changed=True)
    hours = (found.fleet.at_s - found.fleet.at_s[0]) / 3600.0
    lost = (hours >= FIRST_H) & (hours < LAST_H)
    reactive_kw = found.departures.rates.reactive
    assert np.nanmean(reactive_kw[CHANGED, lost]) > 10 * abs(np.nanmean(reactive_kw[CHANGED, ~lost]))
    assert np.nanmean(reactive_kw[CHANGED, lost]) > 10 * abs(np.nanmean(reactive_kw[CHANGED + 1, lost]))
