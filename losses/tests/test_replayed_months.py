"""Months again with another reactive energy: what a replay of a bank, an inverter or a target is billed by."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losses.tariffs.bill_lines import Document, SupplyContract
from losses.tariffs.metered_hours import MeteredHours, month_bounds_s
from losses.tariffs.reactive_change import net_kvarh
from losses.tariffs.replayed_months import bills_of_months, months_before, replayed_bills
from losses.tariffs.tariff_bill import bill
from losses.tariffs.worked_bills import preset_paths

from .tariff_documents import checked, power_factor_clause, slabs

MADRID = ZoneInfo("Europe/Madrid")
YEAR = [date(2025, month, 1) for month in range(1, 13)]
CLAUSE = power_factor_clause(slabs("proportional", (0.9, 0.01, 1.0)))
DEMAND = {
    "kind": "demand", "id": "demand", "title": "Demand", "unit": "kVA", "window_min": 15, "price": 100,
    "ratchet": {"share": 0.8, "months": 11},
}  # fmt: skip


def year(seed: int = 1) -> MeteredHours:
    """2025 on the clock of Madrid, with both changes of the clock: 8,760 hours."""
    at_s = np.arange(month_bounds_s(YEAR[0], MADRID)[0], month_bounds_s(YEAR[-1], MADRID)[1], 3600, dtype=np.int64)
    draw = np.random.default_rng(seed)
    active, reactive = draw.uniform(50, 150, len(at_s)), draw.uniform(20, 90, len(at_s))
    apparent = np.hypot(active, reactive)
    return MeteredHours.of_columns(
        MADRID,
        at_s,
        {
            "energy_import_kwh": active, "reactive_q1_kvarh": reactive, "apparent_kvah": apparent,
            "max_demand_kw": 1.1 * active, "max_demand_kva": 1.1 * apparent,
        },
    )  # fmt: skip


def always(*charges: Document) -> Document:
    return checked(*charges, valid_from="2020-01-01")


def test_the_same_reactive_energy_gives_the_bills_as_they_were() -> None:
    hours, document = year(), always(CLAUSE)
    again = replayed_bills(lambda day: document, hours, net_kvarh(hours), YEAR)
    assert [each.total for each in again] == [bill(document, hours, month).total for month in YEAR]


def test_less_reactive_energy_costs_less_and_none_costs_no_penalty() -> None:
    hours, document = year(), always(CLAUSE)
    totals = []
    for share in (1.0, 0.5, 0.0):
        found = replayed_bills(lambda day: document, hours, share * net_kvarh(hours), YEAR)
        totals.append(sum(each.power_factor_amount for each in found))
    assert totals[0] > totals[1] >= totals[2] == 0


def test_a_ratchet_follows_the_replayed_demands() -> None:
    hours, document = year(), always(DEMAND)
    peak = hours.max_demand_kva.copy()
    peak[10] = 1000.0  # in January, with the reactive energy of a bank that is not there yet
    hours = replace(hours, max_demand_kva=peak, max_demand_kw=np.where(peak == 1000.0, 600.0, hours.max_demand_kw))
    before = bills_of_months(lambda day: document, hours, YEAR)
    assert [each.amount("demand") for each in before[1:]] == [Decimal("80000.00")] * 11
    # 1000 kVA of which the hour's mean kvar is a part: less of it, and all months that look back at it pay less.
    after = replayed_bills(lambda day: document, hours, 0.0 * net_kvarh(hours), YEAR)
    assert all(now.total < then.total for now, then in zip(after, before, strict=True))


def test_demands_before_the_first_month_come_from_the_contract() -> None:
    hours, document = year(), always(DEMAND)
    contract = SupplyContract(past_demands={"demand": [Decimal(500)]})
    first = bills_of_months(lambda day: document, hours, YEAR[:1], contract)[0]
    assert first.amount("demand") == Decimal("40000.00")


def test_months_that_are_let_off_are_counted_by_the_calendar_year() -> None:
    hours, document = year(), always(CLAUSE | {"forgiven_months": 1})
    contract = SupplyContract(forgiven_used={"pf": 0})
    found = bills_of_months(lambda day: document, hours, YEAR, contract)
    assert [each.amount("pf") == 0 for each in found] == [True] + [False] * 11


def test_a_month_without_a_tariff_or_an_hour_is_left_out() -> None:
    document = always()
    hours = year().in_month(date(2025, 3, 1))
    found = bills_of_months(lambda day: document if day.month > 2 else None, hours, YEAR)
    assert [each.month for each in found] == [date(2025, 3, 1)]


@given(st.integers(0, 30), st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_months_before_are_in_a_row(count: int, day: date) -> None:
    found = [*months_before(day, count), day.replace(day=1)]
    assert len(found) == count + 1
    numbers = [each.year * 12 + each.month for each in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@given(st.integers(0, 1000))
@settings(max_examples=5)
def test_hours_add_up_to_the_year_across_changes_of_the_clock(seed: int) -> None:
    hours, document = year(seed), always()
    found = bills_of_months(lambda day: document, hours, YEAR)
    total = sum(each.energies["energy_import_kwh"] for each in found)
    assert float(total) == pytest.approx(float(hours.energy_import_kwh.sum()))
    assert [each.month_h for each in found][2::7] == [743, 745]


@pytest.mark.parametrize("path", preset_paths(), ids=lambda path: path.stem)
def test_a_year_is_replayed_in_well_under_a_second(path: object) -> None:
    document = json.loads(path.read_text()) | {"valid_from": "2020-01-01", "valid_to": None}  # type: ignore[attr-defined]
    hours = year()
    began = time.process_time()
    found = replayed_bills(lambda day: document, hours, 0.5 * net_kvarh(hours), YEAR)
    assert time.process_time() - began < 0.5
    assert len(found) == 12
