"""What a report recommends: what is stored and worth doing, the shortest payback first."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from losses.models import BankRecommendation
from reports.content.recommended_banks import recommendations_for
from substations.models import Substation

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)


def recommended(code: str, payback_years: float | None, **values: Any) -> Substation:
    station = Substation.objects.create(code=code)
    BankRecommendation.objects.create(
        substation=station, since=AT, until=AT, known_h=8760, target_power_factor=0.95, currency="INR",
        payback_low_years=payback_years and payback_years / 2, payback_high_years=payback_years,
        **{"outcome": "bank", "guard": "detuned", "step_kvar": 25, "step_count": 4} | values,
    )  # fmt: skip
    return station


def test_the_shortest_payback_comes_first_and_an_unknown_one_last() -> None:
    stations = [recommended("A", None), recommended("B", 4.0), recommended("C", 1.5)]
    assert [each.substation_code for each in recommendations_for(stations)] == ["C", "B", "A"]


def test_it_says_what_to_fit_at_what_cost_and_for_what_saving() -> None:
    station = recommended("A", 2.0, cost_high=Decimal(120_000), bill_saved=Decimal(50_000), loss_amount=Decimal(10_000))
    (found,) = recommendations_for([station])
    assert found.action == "Fit a bank of 100 kvar (Detuned, 7 % reactors)."
    assert (str(found.cost), str(found.saving)) == ("₹\u00a01,20,000.00", "₹\u00a060,000.00")


def test_an_inverter_is_set_before_a_bank_is_bought() -> None:
    (found,) = recommendations_for([recommended("A", None, outcome="inverter", inverter_kvar=44.0, step_count=0)])
    assert found.action == "Set the inverter to supply up to 44.0 kvar."


@pytest.mark.parametrize(("payback_years", "outcome"), [(80.0, "bank"), (None, "nothing"), (None, "too_short")])
def test_what_is_not_worth_it_is_not_recommended(payback_years: float | None, outcome: str) -> None:
    assert recommendations_for([recommended("A", payback_years, outcome=outcome)]) == []


def test_others_are_left_out() -> None:
    recommended("A", 1.0)
    assert recommendations_for([Substation.objects.create(code="B")]) == []
