"""Steps in service, what is missing, and the bank that a year of hours asks for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from losses.compensation.bank_sizing import STANDARD_STEPS_KVAR, recommended_bank, standard_bank
from losses.compensation.capacitor_bank import CapacitorBank, correcting_kvar, missing_kvar

HOURS = 200
powers = arrays(np.float64, HOURS, elements=st.floats(-500, 900))
kvars = arrays(np.float64, HOURS, elements=st.floats(-200, 900))
targets = st.sampled_from([0.9, 0.95, 0.98, 1.0])
steps = st.sampled_from(STANDARD_STEPS_KVAR)


@pytest.mark.parametrize(
    ("kw", "before", "after", "kvar", "precision"),
    [
        # Four examples of compensation (Electrical Engineering Portal): 50 kW, 0.75 to 0.95, k = 0.55.
        (50, 0.75, 0.95, 27.5, 0.2),
        # PE course, distribution and power factor: 800 kW, 0.78 to 0.95, about 378 kvar.
        (800, 0.78, 0.95, 378, 1.0),
        # Energy audit exercise: 653 kW at 0.64 to 0.95, 784 − 213 kvar.
        (653, 0.64, 0.95, 570, 1.5),
    ],
)
def test_the_textbook_size_of_a_bank(kw: float, before: float, after: float, kvar: float, precision: float) -> None:
    assert correcting_kvar(kw, before, after) == pytest.approx(kvar, abs=precision)
    reactive = kw * np.tan(np.arccos(before))
    assert missing_kvar(np.array([kw]), np.array([reactive]), after) == pytest.approx(kvar, abs=precision)


def test_steps_follow_the_load_and_never_make_it_lead() -> None:
    bank = CapacitorBank(step_kvar=50, step_count=4)
    active, reactive = np.array([400.0] * 6), np.array([0.0, 60.0, 160.0, 250.0, 300.0, 600.0])
    # At unity every kvar is missing: 60 kvar hold one step of 50, a second would lead.
    assert bank.in_service(active, reactive, 1.0).tolist() == [0, 50, 150, 200, 200, 200]
    # At 0.95 400 kW may draw 131 kvar.
    assert bank.in_service(active, reactive, 0.95).tolist() == [0, 0, 50, 150, 200, 200]


def test_the_fixed_part_is_always_in() -> None:
    bank = CapacitorBank(30, 50, 2)
    assert bank.total_kvar == 130
    assert bank.in_service(np.array([100.0, np.nan]), np.array([10.0, np.nan]), 0.95).tolist() == [30, 30]


@given(powers, kvars, targets)
def test_a_bank_of_nothing_supplies_nothing(active: np.ndarray, reactive: np.ndarray, target: float) -> None:
    assert not CapacitorBank().in_service(active, reactive, target).any()
    assert not CapacitorBank(step_kvar=50).in_service(active, reactive, target).any()


@given(powers, kvars, targets, steps, st.integers(0, 10), st.integers(1, 5))
def test_more_steps_never_raise_what_is_missing(
    active: np.ndarray, reactive: np.ndarray, target: float, step: float, count: int, more: int
) -> None:
    def missing(bank: CapacitorBank) -> np.ndarray:
        return missing_kvar(active, reactive - bank.in_service(active, reactive, target), target)

    fewer, larger = (
        missing(CapacitorBank(step_kvar=step, step_count=count)),
        missing(CapacitorBank(step_kvar=step, step_count=count + more)),
    )
    assert (larger <= fewer + 1e-6).all()


@given(powers, kvars, targets, steps, st.integers(1, 10))
def test_automatic_steps_never_lead(
    active: np.ndarray, reactive: np.ndarray, target: float, step: float, count: int
) -> None:
    supplied = CapacitorBank(step_kvar=step, step_count=count).in_service(active, reactive, target)
    assert (reactive - supplied >= np.minimum(reactive, 0.0) - 1e-6).all()


@given(powers, kvars, targets)
def test_the_recommended_bank_never_leads_where_the_load_does_not(
    active: np.ndarray, reactive: np.ndarray, target: float
) -> None:
    found = recommended_bank(active, reactive, np.ones(HOURS, dtype=bool), target)
    assert found is not None
    supplied = found.bank.in_service(active, reactive, target)
    assert (reactive - supplied >= np.minimum(reactive, 0.0) - 1e-6).all()


def test_the_bank_of_a_day_and_night_load() -> None:
    # 300 kW and 300 kvar by day, 40 kW and 60 kvar by night, for two weeks. At 0.95: 300 − 98.6 = 201.4 kvar missing.
    day = np.tile(np.repeat([True, False], 12), 14)
    active, reactive = np.where(day, 300.0, 40.0), np.where(day, 300.0, 60.0)
    found = recommended_bank(active, reactive, np.ones(336, dtype=bool), 0.95)
    assert found is not None
    assert found.wanted_kvar == pytest.approx(201.4, abs=0.05)
    # Largest step of which 4 to 7 make it: 50 kvar, so 5 of them. By night 0.8 × 60 = 48 kvar hold none of them.
    assert found.bank == CapacitorBank(0, 50, 5)
    assert (found.light_load_kvar, found.missing_h) == (60, 336)


def test_solar_at_noon_decides_what_may_stay_in() -> None:
    # 400 kvar all day; an inverter that feeds 250 kvar in at noon leaves 150.
    hour = np.arange(336) % 24
    noon = (hour > 9) & (hour < 15)
    active, reactive = np.where(noon, -200.0, 300.0), np.where(noon, 150.0, 400.0)
    found = recommended_bank(active, reactive, np.ones(336, dtype=bool), 0.95)
    assert found is not None
    assert found.bank == CapacitorBank(75, 75, 4)
    assert (reactive - found.bank.in_service(active, reactive, 0.95) >= 0).all()


def test_a_dead_transformer_says_nothing_of_light_load() -> None:
    reactive = np.full(336, 300.0)
    reactive[:24] = 0.0
    found = recommended_bank(np.full(336, 300.0), reactive, reactive > 0, 0.95)
    assert found is not None
    assert found.light_load_kvar == 300
    assert found.bank.step_count == 1


def test_a_good_power_factor_needs_no_bank_and_a_few_days_say_nothing() -> None:
    known = np.ones(336, dtype=bool)
    found = recommended_bank(np.full(336, 300.0), np.full(336, 50.0), known, 0.95)
    assert found is not None
    assert found.bank.total_kvar == 0
    assert recommended_bank(np.full(100, 300.0), np.full(100, 300.0), known[:100], 0.95) is None


@given(st.floats(1.3, 5000), st.floats(-100, 5000))
def test_a_standard_bank_reaches_what_is_wanted(wanted: float, light: float) -> None:
    bank = standard_bank(wanted, light)
    assert wanted <= bank.total_kvar + 1e-6
    assert bank.total_kvar <= wanted + max(bank.step_kvar, 2.5)
    assert bank.fixed_kvar <= max(light, 0)
