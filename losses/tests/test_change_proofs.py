"""Before and after a bank was fitted, from the stored hours."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from losses.change_proofs import refresh_proofs
from losses.compensation_models import CompensationChange, CompensationProof
from substations.models import Substation

from .stored_grid import substation
from .stored_hours import START, billed, store_hours

pytestmark = pytest.mark.django_db
FITTED = date(2026, 2, 1)
rng = np.random.default_rng(3)


def record(*, saved_kvar: float, growth: float = 1.0, days_after: int = 28) -> Substation:
    """31 days before, one on which it was fitted, and days after it, with more load."""
    hour = np.arange(24 * (31 + days_after))
    after = hour >= 24 * 31
    active = (250 + 100 * np.sin(hour / 24 * 2 * np.pi)) * np.where(after, growth, 1.0) + rng.normal(0, 5, len(hour))
    reactive = 0.8 * active - np.where(after, saved_kvar, 0.0) + rng.normal(0, 3, len(hour))
    one = substation()
    store_hours(one, active, reactive)
    return one


def fitted(one: Substation, kvar: float = 100.0) -> CompensationChange:
    return CompensationChange.objects.create(substation=one, fitted_on=FITTED, kvar=kvar)


def test_a_bank_is_proved_although_the_load_grew() -> None:
    one = record(saved_kvar=100, growth=1.1)
    billed(one)
    fitted(one)
    assert refresh_proofs() == 1
    proof = CompensationProof.objects.get()
    assert proof.saved_kvar == pytest.approx(100, abs=6)
    assert proof.saved_kvar_low is not None
    assert proof.saved_kvar_high is not None
    assert proof.saved_kvar_low < proof.saved_kvar < proof.saved_kvar_high
    assert proof.power_factor_before == pytest.approx(1 / np.hypot(1, 0.8), abs=0.01)
    assert proof.power_factor_after > proof.power_factor_before + 0.1
    # Pk/Sr²·(2·Q·ΔQ − ΔQ²) of a mean Q of 220 kvar: 10.5e-6 × (2 × 220 × 100 − 100²) × 24 h.
    assert proof.saved_kwh_a_day == pytest.approx(10.5e-6 * (2 * 220 * 100 - 100**2) * 24, rel=0.2)
    # The penalty from 0.78 to 0.95 is 17 % of the energy: 275 kW × 24 h × 6.
    assert float(proof.saved_amount_a_day or 0) == pytest.approx(0.12 * 275 * 24 * 6, rel=0.4)
    assert proof.amount_text.startswith("₹")


def test_nothing_done_is_nothing_proved() -> None:
    fitted(record(saved_kvar=0))
    refresh_proofs()
    proof = CompensationProof.objects.get()
    assert proof.saved_kvar_low is not None
    assert proof.saved_kvar_high is not None
    assert proof.saved_kvar_low < 0 < proof.saved_kvar_high
    assert proof.saved_amount_a_day is None


def test_it_is_worked_out_when_a_day_closes_and_not_before() -> None:
    one = record(saved_kvar=50, days_after=5)
    fitted(one)
    assert [refresh_proofs() for _ in range(2)] == [1, 0]
    store_hours(one, np.full(24, 250.0), np.full(24, 150.0), start=START + timedelta(days=36))
    assert refresh_proofs() == 1


def test_on_the_day_itself_nothing_is_known_yet() -> None:
    one = record(saved_kvar=50, days_after=1)
    fitted(one)
    assert refresh_proofs() == 0


def test_an_earlier_change_ends_what_counts_as_before() -> None:
    one = record(saved_kvar=100)
    fitted(one)
    CompensationChange.objects.create(substation=one, fitted_on=FITTED - timedelta(days=10), kind="repair")
    refresh_proofs()
    assert CompensationProof.objects.get(change__fitted_on=FITTED).before_h == 9 * 24
