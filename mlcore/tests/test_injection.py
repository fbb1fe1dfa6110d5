"""Faults put into calm readings: each shows where physics says, nothing else moves, and the meter stays consistent."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.diagnosis.judgement import judge
from mlcore.diagnosis.network_say import NETWORK_CAUSES
from mlcore.injection.bank import InferredBank, inferred_bank
from mlcore.injection.fault_plan import SIZES, InjectedFault, plan
from mlcore.injection.faults import (
    CURRENT_THD,
    CURRENTS,
    KVA,
    KVAR,
    KW,
    OIL,
    POWER_FACTOR,
    VOLTAGES,
    FaultSurroundings,
    inject,
)
from mlcore.injection.record import extra_loss_pct, injected, labels_of

from .judged_fleet import calm, judged

START_S, STEPS, INTERVAL_S = 1_735_689_600, 96, 900
AT_S = START_S + INTERVAL_S * np.arange(STEPS)
causes = st.sampled_from(NETWORK_CAUSES)


def readings(kw: float = 200.0, kvar: float = 60.0) -> np.ndarray:
    """[time, channel] of a steady balanced load."""
    values = np.full((STEPS, len(judged().fleet.values[0, 0])), np.nan)
    values[:, KW], values[:, KVAR], values[:, KVA] = kw, kvar, np.hypot(kw, kvar)
    values[:, POWER_FACTOR] = kw / np.hypot(kw, kvar)
    values[:, CURRENTS], values[:, VOLTAGES], values[:, CURRENT_THD], values[:, OIL] = 300.0, 400.0, 4.0, 45.0
    return values


def surroundings(*, is_automatic: bool = False) -> FaultSurroundings:
    bank = InferredBank(np.full(STEPS, 80.0), 120.0, 20.0, is_automatic)
    return FaultSurroundings(630.0, INTERVAL_S, bank, np.full(STEPS, 20.0))


def fault(
    cause: str, size: float | None = None, *, first: int = 20, last: int = 60, ramp_hours: float = 0.0
) -> InjectedFault:
    chosen = SIZES[cause][1] if size is None else size
    return InjectedFault(0, cause, int(AT_S[first]), int(AT_S[last]), chosen, ramp_hours, 5)


def after(one: InjectedFault, *, is_automatic: bool = False) -> np.ndarray:
    values = readings()
    inject(values, AT_S, one, surroundings(is_automatic=is_automatic))
    return values


SHOWS_IN = {
    "capacitor_failure": KVAR, "low_pf_motor": KVAR, "overload": KW, "phase_imbalance": CURRENTS[0],
    "harmonic_injection": CURRENT_THD[0], "tap_voltage": VOLTAGES[0], "cooling_failure": OIL,
}  # fmt: skip


@pytest.mark.parametrize("cause", NETWORK_CAUSES)
def test_a_fault_shows_in_its_channel_during_its_hours_and_nowhere_else(cause: str) -> None:
    before, changed = readings(), after(fault(cause))
    channel = SHOWS_IN[cause]
    moved = np.abs(changed[:, channel] - before[:, channel]) > 1e-6
    assert moved[22:60].mean() > 0.9
    np.testing.assert_array_equal(changed[:20], before[:20])
    np.testing.assert_array_equal(changed[60:], before[60:])


@given(causes, st.floats(0.0, 1.0), st.booleans(), st.sampled_from([0.0, 3.0]))
def test_the_triangle_closes_and_currents_follow_the_power(
    cause: str, place: float, is_automatic: bool, ramp_hours: float
) -> None:
    low, high = SIZES[cause]
    changed = after(fault(cause, low + place * (high - low), ramp_hours=ramp_hours), is_automatic=is_automatic)
    np.testing.assert_allclose(np.hypot(changed[:, KW], changed[:, KVAR]), changed[:, KVA], rtol=1e-9)
    np.testing.assert_allclose(changed[:, KW] / changed[:, KVA], changed[:, POWER_FACTOR], rtol=1e-9)
    kva_of_currents = changed[:, CURRENTS].mean(axis=1) * changed[:, VOLTAGES[0]]
    np.testing.assert_allclose(kva_of_currents / (300.0 * 400.0), changed[:, KVA] / np.hypot(200.0, 60.0), rtol=1e-6)


def test_what_is_missing_stays_missing() -> None:
    values = readings()
    values[25:30] = np.nan
    inject(values, AT_S, fault("capacitor_failure"), surroundings())
    assert np.isnan(values[25:30]).all()
    assert np.isfinite(values[35, KVAR])


def test_an_automatic_bank_makes_up_for_what_its_other_steps_can() -> None:
    bank = InferredBank(np.array([20.0, 100.0]), 120.0, 20.0, True)
    assert bank.lost(0.5).tolist() == [0.0, 40.0]
    assert bank.compensated(np.array([50.0, 50.0])).tolist() == [40.0, 20.0]
    fixed = replace(bank, is_automatic=False)
    assert fixed.lost(0.5).tolist() == [10.0, 50.0]
    assert fixed.compensated(np.array([50.0, 50.0])).tolist() == [0.0, 0.0]


def test_kvar_that_hardly_rise_with_the_load_are_held_by_a_controller() -> None:
    rng, kw = np.random.default_rng(1), np.linspace(50.0, 400.0, 500)
    assert inferred_bank(kw, 0.1 * kw, 630.0, rng).is_automatic
    assert not inferred_bank(kw, 0.7 * kw - 60.0, 630.0, rng).is_automatic
    empty = inferred_bank(np.full(5, np.nan), np.full(5, np.nan), 630.0, rng)
    assert empty.size_kvar > 0


def test_a_plan_is_that_of_its_seed_and_never_has_two_faults_at_once() -> None:
    faults = plan(3, START_S, START_S + 60 * 86_400, seed=4)
    assert faults == plan(3, START_S, START_S + 60 * 86_400, seed=4)
    assert faults != plan(3, START_S, START_S + 60 * 86_400, seed=5)
    assert {each.substation for each in faults} == {0, 1, 2}
    for substation in range(3):
        own = [each for each in faults if each.substation == substation]
        assert all(one.end_s < other.start_s for one, other in pairwise(own))


def test_only_faults_that_cost_are_labelled_and_calm_steps_are_known_to_be_calm() -> None:
    fleet, models = calm()
    clean = judged()
    quiet = np.ones(fleet.values.shape[:2], dtype=bool)
    record = injected(clean, quiet, seed=2)
    assert record.faults
    changed = judge(record.fleet, models, clean.parameters)
    worth = [extra_loss_pct(clean, changed, each) for each in record.faults]
    labels = labels_of(fleet.at_s, record.faults, worth, quiet)
    for one, percent in zip(record.faults, worth, strict=True):
        inside = (fleet.at_s >= one.start_s) & (fleet.at_s < one.end_s)
        marked = labels[one.substation, inside, NETWORK_CAUSES.index(one.cause)]
        assert (marked == 1.0).all() if percent >= 1.0 else np.isnan(marked).all()
    assert max(worth) > 5.0
    assert (labels == 0.0).any()


def test_a_fault_is_not_put_where_nothing_is_calm() -> None:
    nowhere = np.zeros(judged().fleet.values.shape[:2], dtype=bool)
    record = injected(judged(), nowhere, seed=2)
    assert not record.faults
    np.testing.assert_array_equal(record.fleet.values, judged().fleet.values)
