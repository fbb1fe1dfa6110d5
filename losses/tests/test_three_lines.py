"""Avoidable loss, penalty and released kVA: three answers, each with formula, inputs and assumptions."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from losses.models import CarbonFactor, HourlyRollup, MonthCost, TariffAssignment
from losses.outlooks import refresh_outlooks
from losses.querysets import FIELDS
from losses.tariff_store import store_version
from losses.tariffs.reactive_change import at_target, net_kvarh, with_net_kvarh
from losses.tariffs.three_lines import ThreeLine, three_lines
from substations.models import Substation

from .billed_point import billed, store_days
from .tariff_documents import MARCH, checked, month_of, power_factor_clause, slabs, tariff

CLAUSE = power_factor_clause(slabs("proportional", (0.9, 0.01, 1.0)))


def lines(**values: Any) -> tuple[ThreeLine, ThreeLine, ThreeLine]:
    meters = values.pop("meters", [month_of(lagging=75.0)])
    given = {"avoidable_kwh": 100.0, "target_power_factor": 0.95, "co2_kg_per_kwh": 0.7117}
    return three_lines(checked(CLAUSE), meters, 0, MARCH, **given | values)


def test_the_avoidable_loss_is_priced_and_weighed() -> None:
    avoidable = lines()[0]
    assert avoidable.kwh == 100.0
    assert avoidable.amount == 600
    assert avoidable.co2_kg == pytest.approx(71.17)
    assert avoidable.inputs["mean energy price (INR/kWh)"] == 6.0


def test_without_a_factor_there_is_no_co2_and_it_says_so() -> None:
    avoidable = lines(co2_kg_per_kwh=None)[0]
    assert avoidable.co2_kg is None
    assert "no_co2_factor" in avoidable.assumptions


def test_the_penalty_is_the_bill_less_the_bill_at_the_target() -> None:
    penalty = lines()[1]
    assert penalty.amount == Decimal("44640.00")  # 0.80: 10 % of 446,400; at 0.95 nothing
    assert lines(meters=[month_of(lagging=10.0)])[1].amount == 0


def test_the_penalty_of_one_of_two_meters_is_its_own() -> None:
    both = lines(meters=[month_of(lagging=75.0), month_of(lagging=75.0)])[1]
    # Two of 100 kW and 75 kvar; the first goes to 32.9 kvar: 200 / √(200² + 107.9²) = 0.8801
    factor = 200 / math.hypot(200, 75 + 100 * math.tan(math.acos(0.95)))
    assert float(both.amount or 0) == pytest.approx(8928 * 10 - 8928 * (0.9 - round(factor, 4)) * 100, abs=0.01)
    assert "one_of_several_meters" in both.assumptions


def test_released_kva_is_p_over_both_power_factors() -> None:
    released = lines(meters=[month_of(kw=80.0, lagging=60.0)])[2]
    assert released.kva == pytest.approx(80 / 0.8 - 80 / 0.95)
    assert lines(meters=[month_of()])[2].kva == 0.0


def test_an_unknown_demand_releases_nothing_that_is_known() -> None:
    none = np.full(744, np.nan)
    released = lines(meters=[month_of(max_demand_kva=none, max_demand_kw=none)])[2]
    assert (released.kva, released.assumptions) == (None, ("demand_unknown",))


@given(st.floats(0.5, 1.0), st.floats(-200, 200))
@settings(max_examples=25)
def test_none_is_below_zero_and_all_are_zero_at_the_target(target: float, kvar: float) -> None:
    hours = month_of(lagging=max(kvar, 0.0), leading=max(-kvar, 0.0))
    _, penalty, released = lines(meters=[hours], target_power_factor=target)
    assert (penalty.amount or 0) >= 0
    assert (released.kva or 0) >= 0
    again = lines(meters=[at_target(hours, target)], target_power_factor=target)
    assert again[1].amount == 0


def test_nothing_changes_where_the_reactive_energy_does_not() -> None:
    hours = month_of(lagging=60.0, leading=20.0, apparent_kvah=np.full(744, 130.0), reactive_q2_kvarh=np.full(744, 5.0))
    same = with_net_kvarh(hours, net_kvarh(hours))
    for name in ("reactive_q1_kvarh", "reactive_q2_kvarh", "reactive_q4_kvarh", "apparent_kvah", "max_demand_kva"):
        assert np.array_equal(getattr(same, name), getattr(hours, name))


def test_distortion_stays_when_the_reactive_energy_goes() -> None:
    hours = month_of(kw=80.0, lagging=60.0, apparent_kvah=np.full(744, 110.0))
    assert with_net_kvarh(hours, np.zeros(744)).apparent_kvah[0] == pytest.approx(math.sqrt(110**2 - 60**2))


@pytest.mark.django_db
def test_each_substation_has_a_stored_row_of_its_month() -> None:
    for code in "AB":
        one = Substation.objects.create(code=code, site="Mill")
        plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0, "avoidable_loss_kwh": 0.5}
        values = plain | {
            "energy_import_kwh": 80.0,
            "reactive_q1_kvarh": 60.0,
            "max_demand_kw": 80.0,
            "max_demand_kva": 100.0,
        }
        start = datetime(2026, 3, 1, tzinfo=UTC)
        HourlyRollup.objects.bulk_create(
            HourlyRollup(substation=one, at=start + timedelta(hours=n), **values) for n in range(240)
        )
        store_days(one, start, 240)
    stored = store_version(tariff(CLAUSE)).tariff
    TariffAssignment.objects.create(tariff=stored, site="Mill", since=date(2026, 1, 1), grid="India")
    CarbonFactor.objects.create(
        grid="India",
        kg_per_kwh=Decimal("0.7117"),
        valid_from=date(2025, 4, 1),
        source="CEA",
        source_date=date(2026, 1, 1),
    )
    refresh_outlooks()
    first, second = MonthCost.objects.order_by("substation")
    assert first.avoidable_kwh == pytest.approx(120.0)
    assert first.avoidable_amount == 720
    assert first.avoidable_co2_kg == pytest.approx(120 * 0.7117)
    assert first.released_kva == pytest.approx(100 - 80 / 0.95)
    assert first.penalty_amount == second.penalty_amount
    assert [each["code"] for each in first.lines] == ["avoidable_loss", "penalty", "released_kva"]
    assert all(each["formula"] and each["inputs"] and each["assumptions"] for each in first.lines)


def factor(kg: str, first: date, last: date | None) -> None:
    CarbonFactor.objects.create(
        grid="India", kg_per_kwh=Decimal(kg), valid_from=first, valid_to=last, source="CEA", source_date=first
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes_on", "expected"),
    [
        (date(2026, 3, 6), (120 * 0.7 + 120 * 0.5) / 240),  # five of ten days each
        (date(2026, 4, 1), 0.7),
        (date(2026, 2, 1), 0.5),
    ],
)
def test_a_factor_that_changes_inside_a_month_counts_by_the_day(changes_on: date, expected: float) -> None:
    billed(grid="India")
    factor("0.7", date(2025, 4, 1), changes_on - timedelta(days=1))
    factor("0.5", changes_on, None)
    refresh_outlooks()
    stored = MonthCost.objects.get()
    assert stored.avoidable_co2_kg == pytest.approx(120.0 * expected)


@pytest.mark.django_db
def test_a_day_without_a_factor_leaves_the_month_without_co2() -> None:
    billed(grid="India")
    factor("0.7", date(2026, 3, 2), None)
    refresh_outlooks()
    stored = MonthCost.objects.get()
    assert stored.avoidable_co2_kg is None
    assert "no_co2_factor" in stored.lines[0]["assumptions"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kg_per_kwh": Decimal("711.7")}, "less than or equal to 2"),
        ({"valid_from": date(2025, 6, 1)}, "let the earlier end the day before"),
        ({"valid_from": date(2026, 4, 1), "valid_to": date(2026, 3, 1)}, "expected that day or a later one"),
    ],
)
def test_a_factor_that_cannot_be_is_refused(values: dict[str, Any], message: str) -> None:
    plain = {"grid": "India", "kg_per_kwh": Decimal("0.7117"), "source": "CEA", "source_date": date(2026, 1, 1)}
    first = CarbonFactor.objects.create(**plain, valid_from=date(2025, 4, 1), valid_to=date(2026, 3, 31))
    assert CarbonFactor.objects.on("India", date(2026, 3, 31)) == first
    assert CarbonFactor.objects.on("India", date(2026, 4, 1)) is None
    with pytest.raises(ValidationError) as refused:
        CarbonFactor(**plain | {"valid_from": date(2026, 4, 1)} | values).full_clean()
    assert message in str(refused.value)
