"""What is recommended for a substation: the bank, its guard, its saving and cost; once for each day that closes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from losses import recommendations
from losses.compensation.capacitor_bank import CapacitorBank
from losses.compensation_models import BankPrice, BankRecommendation, CompensationInput
from losses.recommendations import refresh_recommendations
from losses.tasks import recommend
from mlcore.models import Detection
from substations.models import Reading, Substation

from .stored_grid import substation, supplied
from .stored_hours import START, billed, day_and_night, store_hours

pytestmark = pytest.mark.django_db
DAYS = 31


def stored(code: str = "A", days: int = DAYS, **values: Any) -> Substation:
    one = substation(code, **values)
    store_hours(one, *day_and_night(days))
    return one


def found(code: str = "A") -> BankRecommendation:
    return BankRecommendation.objects.get(substation__code=code)


def distorted(one: Substation, percent: float) -> None:
    for number in range(100):
        Reading.objects.create(
            substation=one, at=START + timedelta(days=25, minutes=15 * number), apparent_power_kva=1000.0,
            thd_current_l1_pct=percent, thd_current_l2_pct=percent, thd_current_l3_pct=percent,
        )  # fmt: skip


def test_the_bank_by_hand() -> None:
    billed(stored())
    assert refresh_recommendations() == 1
    row = found()
    # At 0.95, by day: 300 − 98.6 = 201 kvar are missing, a little more in some hours. Five steps of 50.
    # By night 0.8 × 115 = 92 kvar hold one of them.
    assert row.outcome == "bank"
    assert row.bank == CapacitorBank(50, 50, 4)
    assert row.figures["wanted_kvar"] == pytest.approx(203, abs=2)
    # The penalty: Σ kWh and kvarh of the month at 0.69 cost 26 % of the energy; the bank ends it.
    energy = float(np.sum(day_and_night(DAYS)[0])) * 6
    active, reactive = (float(np.sum(each)) for each in day_and_night(DAYS))
    penalty = (0.95 - active / np.hypot(active, reactive)) * 100 * energy / 100
    assert float(row.bill_saved or 0) == pytest.approx(penalty * 8760 / (24 * DAYS), rel=0.01)
    assert row.released_kva == pytest.approx(np.hypot(305, 305) - np.hypot(305, 100), rel=0.1)


def test_the_loss_by_hand() -> None:
    stored()
    refresh_recommendations()
    row = found()
    active, reactive = day_and_night(DAYS)
    supplied_kvar = row.bank.in_service(active, reactive, 0.95)
    plain = 10.5 * (2 * reactive * supplied_kvar - supplied_kvar**2) / 1000**2
    detuned = 4.0 * supplied_kvar / 1000
    by_hand = float((plain - detuned).sum()) * 8760 / (24 * DAYS)
    # Cooler windings and a higher voltage make some of the difference, a core that loses more the rest.
    assert row.guard == "detuned"
    assert row.loss_saved_kwh == pytest.approx(by_hand, abs=0.35 * float(plain.sum()) * 8760 / (24 * DAYS))


def test_what_is_not_known_is_said() -> None:
    stored(impedance_pct=None)
    refresh_recommendations()
    row = found()
    assert row.assumptions == [
        "scaled_to_a_year", "impedance_unknown", "supply_unknown", "distortion_unknown", "lines_unknown", "no_tariff",
    ]  # fmt: skip
    assert row.bill_saved is None
    assert row.cost_low is None
    low, high = row.figures["order"]
    assert low < high


def test_what_is_known_is_used() -> None:
    one = stored()
    CompensationInput.objects.create(substation=one, supply_mva=250)
    distorted(one, 2.0)
    refresh_recommendations()
    row = found()
    assert "supply_unknown" not in row.assumptions
    assert row.figures["distortion_pct"] == pytest.approx(2.0)
    assert row.guard == "plain"


def test_strong_distortion_asks_for_a_study_first() -> None:
    distorted(stored(), 30.0)
    refresh_recommendations()
    assert found().guard == "filter_study_first"


def test_cost_and_payback_are_those_of_the_table() -> None:
    billed(stored())
    BankPrice.objects.all().delete()
    refresh_recommendations()
    assert "price_unknown" in found().assumptions
    BankPrice.objects.create(
        kind="detuned", currency="INR", up_to_kvar=500, low=1000, high=2000, source="a quotation",
        source_date=START.date(),
    )  # fmt: skip
    refresh_recommendations(anyway=True)
    row = found()
    assert (row.cost_low, row.cost_high) == (Decimal(250_000), Decimal(500_000))
    saved = row.saved_a_year
    assert saved is not None
    assert row.payback_low_years == pytest.approx(250_000 / float(saved))
    assert row.payback_high_years == pytest.approx(500_000 / float(saved))
    assert "example_price" not in row.assumptions


def test_a_good_power_factor_needs_nothing() -> None:
    one = substation()
    store_hours(one, np.full(400, 300.0), np.full(400, 50.0))
    refresh_recommendations()
    assert found().outcome == "nothing"
    assert found().bank.total_kvar == 0
    assert found().loss_saved_kwh == 0


def test_a_few_days_are_too_short() -> None:
    stored(days=3)
    refresh_recommendations()
    assert found().outcome == "too_short"


def test_without_hours_there_is_no_recommendation() -> None:
    substation()
    assert refresh_recommendations() == 0


def solar(code: str = "A") -> Substation:
    """A load with solar that feeds in at noon; at night nothing is missing."""
    hour = np.arange(24 * DAYS) % 24
    noon = (hour >= 9) & (hour < 15)
    one = substation(code)
    store_hours(one, np.where(noon, -100.0, 200.0), np.where(noon, 120.0, 60.0))
    return one


def test_with_solar_the_inverter_comes_first() -> None:
    one = solar()
    CompensationInput.objects.create(substation=one, inverter_kva=400)
    refresh_recommendations()
    row = found()
    # 120 − 32.9 = 87 kvar are missing at noon; 0.44 × 400 = 176 kvar are to be had for a setting.
    assert row.outcome == "inverter"
    assert row.inverter_kvar == pytest.approx(176)
    assert row.bank.total_kvar == 0
    assert row.loss_saved_kwh is not None
    assert row.loss_saved_kwh > 0


def test_without_its_rating_the_inverter_is_asked_for_and_not_assumed() -> None:
    solar()
    refresh_recommendations()
    row = found()
    assert row.outcome == "bank"
    assert row.inverter_kvar is None
    assert row.figures["inverter_at_least_kvar"] == pytest.approx(44)
    assert "inverter_rating_unknown" in row.assumptions
    assert row.fixed_kvar <= 60


def test_the_network_is_replayed_and_ranked() -> None:
    one, other = stored("A"), stored("B")
    store_hours(substation("C"), np.full(24 * DAYS, 200.0), np.full(24 * DAYS, 40.0))
    supplied(one, other, Substation.objects.get(code="C"))
    refresh_recommendations()
    first, second = sorted((found("A"), found("B")), key=lambda row: row.rank or 0)
    assert (first.rank, second.rank, found("C").rank) == (1, 2, None)
    # The farther one relieves more line.
    assert first.substation.code == "B"
    assert (first.line_saved_kwh or 0) > (second.line_saved_kwh or 0) > 0
    assert "lines_unknown" not in first.assumptions
    # Beside the first the second saves less than alone.
    alone = (second.loss_saved_kwh or 0) + (second.line_saved_kwh or 0)
    assert second.rank_saved_kwh is not None
    assert second.rank_saved_kwh < alone


def test_it_is_worked_out_when_a_day_closes_and_not_before() -> None:
    one = stored()
    assert [refresh_recommendations() for _ in range(2)] == [1, 0]
    store_hours(one, np.full(24, 300.0), np.full(24, 300.0), start=START + timedelta(days=DAYS))
    assert refresh_recommendations() == 1
    assert refresh_recommendations(["A"], anyway=True) == 1
    assert refresh_recommendations(["nobody"], anyway=True) == 0


def test_the_task_does_both() -> None:
    stored()
    recommend()
    assert found().outcome == "bank"


def test_a_tariff_without_a_clause_on_power_factor_pays_no_bank() -> None:
    one = substation(load_loss_w=1000)
    store_hours(one, *day_and_night(DAYS))
    billed(one, {"kind": "energy", "id": "e", "title": "E", "unit": "kWh", "prices": {"all": 6}})
    refresh_recommendations()
    row = found()
    assert row.bill_saved == 0
    assert "saves_no_money" in row.assumptions
    assert row.payback_low_years is None


def test_a_substation_that_fails_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stored("A")
    stored("B")

    def failing(row: Any, *args: Any) -> None:
        if row.substation.code == "A":
            raise ZeroDivisionError

    monkeypatch.setattr(recommendations, "_replay", failing)
    assert refresh_recommendations() == 1
    assert found("B").outcome == "bank"
    assert "No recommendation for A" in caplog.text


def test_networks_that_are_accounted_together_are_ranked_apart() -> None:
    pairs = [(stored(f"{name}1"), stored(f"{name}2")) for name in "AB"]
    for pair in pairs:
        supplied(*pair)
    alone = stored("C")
    refresh_recommendations()
    assert sorted((found(each.code).rank or 0) for pair in pairs for each in pair) == [1, 1, 2, 2]
    assert found(alone.code).rank == 1
    assert found("A1").line_saved_kwh == pytest.approx(found("B1").line_saved_kwh)
    assert found(alone.code).line_saved_kwh is None


def test_a_bank_that_failed_is_mended_first_and_not_bought_again() -> None:
    one = substation(capacitor_bank_kvar=250)
    failed = (np.arange(24 * DAYS) // 24 >= 20) & (np.arange(24 * DAYS) // 24 < 28)
    active = 300.0 + 5.0 * np.sin(np.arange(24 * DAYS))
    store_hours(one, active, np.where(failed, 300.0, 60.0))
    refresh_recommendations()
    assert found().outcome == "bank"
    Detection.objects.create(
        substation=one, kind="loss", cause="capacitor_failure", severity=10, start=START + timedelta(days=20),
        end=START + timedelta(days=28), peak=START + timedelta(days=21), score=2.0, reason="A step is lost.",
    )  # fmt: skip
    refresh_recommendations(anyway=True)
    assert found().outcome == "nothing"
    assert "mend_first" in found().assumptions
