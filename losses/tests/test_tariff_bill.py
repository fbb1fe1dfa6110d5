"""A month's bill: sums across changes of the clock, hours that are missing, several meters as one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from losses.tariffs.bill_lines import SupplyContract
from losses.tariffs.metered_hours import summed
from losses.tariffs.tariff_bill import WrongMonth, bill
from losses.tariffs.time_of_use import period_of_hours

from .tariff_documents import MARCH, checked, month_of, power_factor_clause, slabs, tariff

BERLIN = ZoneInfo("Europe/Berlin")
DAY_AND_NIGHT = [{"name": "day", "when": [{"from": "06:00", "to": "22:00"}]}, {"name": "night", "otherwise": True}]
TIMED = {"kind": "energy", "id": "energy", "title": "Energy", "unit": "kWh", "prices": {"day": 2, "night": 1}}
DEMAND: dict[str, Any] = {
    "kind": "demand",
    "id": "demand",
    "title": "Demand",
    "unit": "kVA",
    "window_min": 15,
    "price": 10,
}


@pytest.mark.parametrize(("month", "hours", "night"), [(3, 743, 8 * 31 - 1), (10, 745, 8 * 31 + 1), (5, 744, 8 * 31)])
def test_a_month_has_the_hours_of_its_clock(month: int, hours: int, night: int) -> None:
    day = date(2026, month, 1)
    found = bill(checked(charges=[TIMED], periods=DAY_AND_NIGHT), month_of(day, BERLIN, kw=1.0), day)
    assert found.month_h == hours
    assert {line.id: line.inputs["kWh"] for line in found.lines} == {"energy:day": 16 * 31, "energy:night": night}
    assert found.total == 2 * 16 * 31 + night


@given(
    st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe"]), st.integers(1, 12)
)
def test_periods_add_up_to_the_month(zone: str, month: int) -> None:
    day = date(2026, month, 1)
    hours = month_of(day, ZoneInfo(zone), kw=3.0)
    found = bill(checked(charges=[TIMED], periods=DAY_AND_NIGHT), hours, day)
    assert sum(line.inputs["kWh"] for line in found.lines) == found.energies["energy_import_kwh"]  # type: ignore[misc]
    assert found.energies["energy_import_kwh"] == 3 * len(hours)


def test_a_holiday_has_its_own_day_type() -> None:
    document = checked(
        charges=[TIMED],
        day_types=[
            {"name": "working", "weekdays": [1, 2, 3, 4, 5]},
            {"name": "rest", "weekdays": [6, 7], "holidays": True},
        ],
        holidays=["03-03", "2026-03-04"],
        periods=[{"name": "day", "when": [{"day_types": ["working"]}]}, {"name": "night", "otherwise": True}],
    )
    hours = month_of(kw=1.0)
    days = period_of_hours(document, hours.at_s, hours.zone).reshape(31, 24)
    assert (days == days[:, :1]).all()
    assert days[1:8, 0].tolist() == [0, 1, 1, 0, 0, 1, 1]  # Monday 2 March to Sunday 8 March


def test_missing_hours_are_said_and_not_billed() -> None:
    hours = month_of(kw=1.0)
    half = hours.where(np.arange(744) < 372)
    found = bill(checked(DEMAND), half, MARCH)
    assert found.coverage == 0.5
    assert found.amount("energy") == 372 * 6
    assert {(each.code, each.figures["known_h"]) for line in found.lines for each in line.remarks} == {
        ("hours_missing", 372)
    }
    assert not any(line.is_estimate for line in found.lines)


def test_an_estimate_is_marked_and_scales_each_period_to_its_hours() -> None:
    document = checked(charges=[TIMED], periods=DAY_AND_NIGHT)
    hours = month_of(kw=1.0)
    found = bill(document, hours.where(np.arange(744) < 240), MARCH, estimate=True)
    assert found.is_estimate
    assert all(line.is_estimate and line.remarks[0].code == "hours_estimated" for line in found.lines)
    assert found.total == bill(document, hours, MARCH).total


def test_a_complete_month_is_no_estimate() -> None:
    assert not bill(checked(), month_of(), MARCH, estimate=True).is_estimate


def test_a_month_without_any_hour_costs_nothing_and_says_so() -> None:
    found = bill(
        checked(DEMAND, power_factor_clause(slabs("whole", (0.9, 0.1, 1)))),
        month_of().where(np.zeros(744, bool)),
        MARCH,
    )
    assert found.total == 0
    assert found.power_factor is None
    assert {each.code for line in found.lines for each in line.remarks} == {
        "hours_missing",
        "demand_unknown",
        "no_energy",
    }


def test_hours_of_other_months_are_left_out() -> None:
    hours = month_of(date(2026, 2, 1))
    assert bill(checked(), hours, MARCH).total == 0
    assert bill(checked(), hours, date(2026, 2, 17)).amount("energy") == 28 * 24 * 100 * 6


@pytest.mark.parametrize("month", [date(2019, 12, 1), date(2026, 1, 1)])
def test_a_month_out_of_its_validity_is_refused(month: date) -> None:
    document = checked(valid_to="2025-12-31")
    with pytest.raises(WrongMonth, match=f"expected a month in that time; received {month:%Y-%m}"):
        bill(document, month_of(month), month)


def test_the_power_factor_is_that_of_the_energies_and_no_mean() -> None:
    kw = np.where(np.arange(744) < 372, 10.0, 990.0)
    hours = month_of(kw=kw, lagging=np.where(np.arange(744) < 372, 100.0, 0.0))
    found = bill(checked(power_factor_clause(slabs("whole", (0.9, 0.1, 1)))), hours, MARCH)
    assert float(found.power_factor or 0) == pytest.approx(1000 / np.hypot(1000, 100))


def test_a_ratchet_and_a_contract_set_the_least_demand() -> None:
    demand = DEMAND | {"ratchet": {"share": 0.8, "months": 2}, "contract_share": 0.5}
    contract = SupplyContract(
        contract_kva=Decimal(300), past_demands={"demand": [Decimal(900), Decimal(200), Decimal(210)]}
    )
    found = bill(checked(demand), month_of(kw=100.0), MARCH, contract)
    assert found.amount("demand") == Decimal("1680.00")  # 0.8 × 210: the 900 kVA are too long ago
    assert bill(checked(demand), month_of(kw=1000.0), MARCH, contract).amount("demand") == 10_000


def test_what_a_demand_would_have_to_know_is_said() -> None:
    found = bill(checked(DEMAND | {"ratchet": {"share": 0.8, "months": 2}, "contract_share": 0.5}), month_of(), MARCH)
    assert [each.code for each in found.lines[1].remarks] == ["ratchet_short", "contract_unknown"]


def test_several_meters_are_billed_as_one_point() -> None:
    lagging, leading = month_of(kw=100.0, lagging=50.0), month_of(kw=100.0, leading=50.0)
    found = bill(checked(DEMAND), summed([lagging, leading]), MARCH)
    assert found.energies["energy_import_kwh"] == 200 * 744
    assert found.energies["apparent_kvah"] == 200 * 744  # the reactive energies meet at the point
    assert found.lines[1].remarks[0].code == "demand_summed"


def test_an_hour_that_one_of_two_meters_knows_is_half_known() -> None:
    whole, none = month_of(), month_of()
    found = bill(checked(), summed([whole, none.where(np.arange(744) < 0)]), MARCH)
    assert found.coverage == 0.5


def test_taxes_come_on_what_they_name() -> None:
    taxes = [
        {"id": "duty", "title": "Duty", "percent": 10, "on": ["energy"]},
        {"id": "vat", "title": "VAT", "percent": 20, "on": ["energy", "demand", "duty"]},
    ]
    found = bill(checked(DEMAND, taxes=taxes), month_of(kw=100.0), MARCH)
    assert found.amount("energy") == Decimal(446_400)
    assert found.amount("duty") == Decimal(44_640)
    assert found.amount("vat") == (446_400 + 1_000 + 44_640) / Decimal(5)


def test_each_line_has_formula_inputs_and_rounded_money() -> None:
    document = tariff(DEMAND, decimals=0)
    for line in bill(document, month_of(kw=33.337), MARCH).lines:
        assert line.formula
        assert line.inputs
        assert line.amount == line.amount.to_integral_value()
