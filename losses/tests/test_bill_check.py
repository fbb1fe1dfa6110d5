"""A bill against our figures: each gap with its likely reason."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from losses.tariffs.bill_check import FigureGap, check_bill
from losses.tariffs.metered_hours import MeteredHours

from .tariff_documents import KOLKATA, MARCH, checked, month_of

DEMAND = {"kind": "demand", "id": "demand", "title": "Demand", "unit": "kVA", "window_min": 15, "price": 10}
KWH = 74_400.0


def check(hours: MeteredHours, *, loss: float = 1500.0, window: int = 15, **entered: float) -> dict[str, FigureGap]:
    document = checked(DEMAND | {"window_min": window})
    found = check_bill(document, hours, MARCH, None, entered, transformer_loss_kwh=loss)
    return {each.figure: each for each in found}


def around(zone: ZoneInfo = KOLKATA) -> MeteredHours:
    """February to April, each day with another load."""
    months = [month_of(date(2026, month, 1), zone) for month in (2, 3, 4)]
    at_s = np.concatenate([each.at_s for each in months])
    kw = 80.0 + 40.0 * np.random.default_rng(1).random(len(at_s))
    return MeteredHours.of_columns(zone, at_s, {"energy_import_kwh": kw, "apparent_kvah": kw})


def test_what_is_the_same_agrees() -> None:
    found = check(month_of(lagging=50.0), kwh=KWH, kvarh=37_200.0, power_factor=0.894)
    assert {each.reason for each in found.values()} == {"agrees"}
    assert found["kwh"].gap == 0


def test_a_meter_before_the_transformer_counts_its_loss() -> None:
    found = check(month_of(lagging=50.0), kwh=KWH + 1400, kvarh=41_000.0, total=500_000.0)
    assert found["kwh"].reason == "before_transformer"
    assert found["kvarh"].reason == "before_transformer"
    assert found["total"].reason == "follows_kwh"
    assert found["kwh"].share == pytest.approx(1400 / KWH)
    assert check(month_of(), kwh=KWH - 1400)["kwh"].reason == "behind_transformer"


def test_fewer_kvarh_at_the_same_kwh_are_capacitors_between_the_meters() -> None:
    found = check(month_of(lagging=50.0), kwh=KWH, kvarh=20_000.0, power_factor=0.97)
    assert found["kvarh"].reason == "capacitors_outside"
    assert found["power_factor"].reason == "follows_kvarh"


def test_hours_that_we_miss_do_not_explain_a_bill_of_ten_times_as_much() -> None:
    hours = month_of().where(np.arange(744) < 372)
    assert check(hours, kwh=KWH)["kwh"].reason == "missing_coverage"
    assert check(hours, kwh=10 * KWH)["kwh"].reason == "unexplained"


def test_hours_that_we_miss_explain_what_is_more() -> None:
    hours = month_of().where(np.arange(744) < 700)
    found = check(hours, kwh=KWH)
    assert found["kwh"].reason == "missing_coverage"
    assert found["kwh"].figures == {"missing_h": 44}


@pytest.mark.parametrize("day", [-2, 1, 3])
def test_a_meter_that_was_read_on_another_day_is_found(day: int) -> None:
    hours = around()
    month = hours.in_month(MARCH)
    last = hours.at_s >= month.at_s[0]
    energy = float(np.sum(hours.energy_import_kwh[last][: 744 + 24 * day]))
    found = check(hours, kwh=energy, loss=0.0)["kwh"]
    assert (found.reason, found.figures) == ("reading_day", {"shift_h": 24.0 * day})


def test_another_clock_is_found() -> None:
    zone = ZoneInfo("Australia/Brisbane")
    hours = around(zone)
    # The first ten hours of the month are heavy: by the UTC clock they belong to February.
    heavy = hours.energy_import_kwh + 500.0 * (np.abs(hours.at_s - hours.in_month(MARCH).at_s[0] - 18_000) <= 18_000)
    hours = MeteredHours.of_columns(zone, hours.at_s, {"energy_import_kwh": heavy, "apparent_kvah": heavy})
    start = int(np.flatnonzero(hours.at_s == hours.in_month(MARCH).at_s[0])[0])
    energy = float(np.sum(heavy[start + 10 : start + 754]))
    found = check(hours, kwh=energy, loss=0.0)["kwh"]
    assert (found.reason, found.figures) == ("clock", {"shift_h": 10.0})


def test_another_demand_window_is_said() -> None:
    found = check(month_of(), window=30, demand=95.0)["demand"]
    assert (found.reason, found.figures) == ("demand_window", {"tariff_min": 30.0, "metered_min": 15.0})


def test_what_has_no_reason_is_unexplained() -> None:
    assert check(month_of(), kwh=2 * KWH)["kwh"].reason == "unexplained"


def test_what_we_do_not_know_is_not_compared() -> None:
    none = np.full(744, np.nan)
    found = check_bill(
        checked(), month_of(max_demand_kva=none), MARCH, None, {"demand": 100.0}, transformer_loss_kwh=0.0
    )
    assert (found[0].reason, found[0].gap, found[0].share) == ("not_known", None, None)
