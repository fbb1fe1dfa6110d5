"""Where a month ends at this rate, and what an episode adds to it."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losses.tariffs.metered_hours import MeteredHours, month_hours_s
from losses.tariffs.month_forecast import (
    clause_target,
    completed,
    episode_cost,
    forecast,
    hold_power_factor,
)
from losses.tariffs.reactive_change import net_kvarh, with_net_kvarh

from .tariff_documents import ENERGY, MARCH, checked, month_of, power_factor_clause, slabs

UTC = ZoneInfo("UTC")
CLAUSE = power_factor_clause(slabs("proportional", (0.9, 0.01, 1.0)))
DAY_TYPES = [{"name": "working", "weekdays": [1, 2, 3, 4, 5]}, {"name": "rest", "weekdays": [6, 7]}]


def first_days(count: int, **values: float) -> MeteredHours:
    return month_of(MARCH, UTC, **values).where(np.arange(744) < 24 * count)  # type: ignore[arg-type]


def test_a_tariff_in_kvah_costs_what_is_above_the_bill_at_the_target() -> None:
    energy = ENERGY | {"unit": "kVAh"}
    found = forecast(checked(charges=[energy]), first_days(10, kw=100.0, lagging=75.0), MARCH, target_power_factor=0.95)
    assert found is not None
    assert found.low.power_factor_amount == 0
    # 125 kVAh an hour; 100 / 0.95 at the target.
    assert float(found.penalties["middle"]) == pytest.approx(744 * 6 * (125 - 100 / 0.95), abs=0.02)
    assert float(found.penalties["now"]) == pytest.approx(240 * 6 * (125 - 100 / 0.95), abs=0.02)
    better = forecast(checked(charges=[energy]), first_days(10, kw=100.0, lagging=10.0), MARCH)
    assert better is not None
    assert better.penalties["middle"] == 0


def test_a_steady_load_ends_where_it_is() -> None:
    found = forecast(checked(CLAUSE), first_days(10, kw=100.0, lagging=75.0), MARCH)
    assert found is not None
    assert float(found.middle.power_factor or 0) == pytest.approx(0.8)
    assert found.middle.amount("pf") == Decimal("44640.00")  # 10 % of 744 h × 100 kW × 6
    assert found.low.total == found.middle.total == found.high.total
    assert (found.now.known_h, found.days_left) == (240, 21)


def test_days_left_are_like_past_days_of_their_type() -> None:
    at_s = month_hours_s(MARCH, UTC)
    weekend = np.isin((at_s // 86400 + 3) % 7, [5, 6])
    hours = month_of(MARCH, UTC, kw=np.where(weekend, 10.0, 100.0))
    found = completed(checked(day_types=DAY_TYPES), hours.where(np.arange(744) < 240), MARCH, 0.5)
    assert np.array_equal(found.energy_import_kwh, hours.energy_import_kwh)


def test_the_range_comes_from_the_spread_of_days() -> None:
    lagging = np.repeat(np.linspace(60, 200, 31), 24)
    found = forecast(checked(CLAUSE), month_of(MARCH, UTC, lagging=lagging).where(np.arange(744) < 240), MARCH)
    assert found is not None
    assert found.low.total < found.middle.total < found.high.total
    assert (found.low.power_factor or 0) > (found.high.power_factor or 0)


def test_what_must_be_held_ends_the_month_at_the_target() -> None:
    known = first_days(10, kw=100.0, lagging=60.0)
    found = forecast(checked(CLAUSE), known, MARCH)
    assert found is not None
    assert found.target_power_factor == 0.9
    assert found.hold_power_factor is not None
    kvar = 100 * math.tan(math.acos(found.hold_power_factor))
    rest = month_of(MARCH, UTC, lagging=kvar).where(np.arange(744) >= 240)
    active, reactive = 74_400.0, 240 * 60.0 + float(np.sum(net_kvarh(rest)))
    assert active / math.hypot(active, reactive) == pytest.approx(0.9)


def test_what_cannot_be_reached_any_more_is_not_told() -> None:
    known, ahead = first_days(30, lagging=200.0), month_of(MARCH, UTC).where(np.arange(744) >= 720)
    assert hold_power_factor(known, ahead, 0.9) is None


def test_without_a_whole_day_there_is_no_forecast() -> None:
    assert forecast(checked(CLAUSE), first_days(1).where(np.arange(24) < 12), MARCH) is None


def test_a_month_that_is_over_is_what_it_was() -> None:
    hours = month_of(MARCH, UTC, lagging=75.0)
    found = forecast(checked(CLAUSE), hours, MARCH)
    assert found is not None
    assert found.now.total == found.high.total
    assert found.days_left == 0


@pytest.mark.parametrize(("zone", "month", "count"), [("Europe/Berlin", 3, 743), ("Europe/Berlin", 10, 745)])
def test_days_of_other_lengths_are_completed(zone: str, month: int, count: int) -> None:
    day = date(2026, month, 1)
    whole = month_of(day, ZoneInfo(zone), lagging=50.0)
    found = completed(checked(), whole.where(np.arange(count) < 480), day, 0.5)
    assert len(found) == count
    assert float(np.sum(found.energy_import_kwh)) == pytest.approx(100.0 * count)


def test_an_episode_that_is_left_costs_more_than_one_that_is_mended() -> None:
    quiet, bad = 240, 264
    lagging = np.where(np.arange(744) < quiet, 40.0, 90.0)
    past = month_of(MARCH, UTC, lagging=lagging).where(np.arange(744) < bad)
    start_s = int(past.at_s[quiet])
    found = episode_cost(checked(CLAUSE), past, MARCH, start_s=start_s, end_s=None, excess_kvar=50.0)
    assert found is not None
    assert found.mended == 0  # a day at 0.74 among thirty at 0.93 stays above 0.90
    # 24 + 480 h of 50 kvar: (744 × 40 + 504 × 50) / 74,400 → 0.8045, 9.55 % of 446,400
    kvarh = 744 * 40 + 504 * 50
    percent = (0.9 - round(74_400 / math.hypot(74_400, kvarh), 4)) * 100
    assert float(found.left) == pytest.approx(4464 * percent, abs=0.01)


def test_an_episode_that_is_over_costs_what_it_did() -> None:
    past = month_of(MARCH, UTC, lagging=75.0)
    start_s, end_s = int(past.at_s[0]), int(past.at_s[99])
    found = episode_cost(checked(CLAUSE), past, MARCH, start_s=start_s, end_s=end_s, excess_kvar=50.0)
    assert found is not None
    assert found.left == found.mended > 0


@given(st.floats(0, 100), st.floats(0, 300))
@settings(max_examples=20)
def test_left_never_costs_less_than_mended(kvar: float, excess: float) -> None:
    past = first_days(10, lagging=kvar + excess)
    start_s = int(past.at_s[200])
    found = episode_cost(checked(CLAUSE), past, MARCH, start_s=start_s, end_s=None, excess_kvar=excess)
    assert found is not None
    assert found.left >= found.mended >= 0


def test_the_target_is_the_lowest_power_factor_without_a_penalty() -> None:
    assert clause_target(checked()) is None
    assert clause_target(checked(CLAUSE)) == 0.9


@given(st.floats(-500, 500))
def test_another_reactive_energy_keeps_the_active_one(net: float) -> None:
    hours = month_of(lagging=30.0)
    other = with_net_kvarh(hours, np.full(744, net))
    assert np.allclose(net_kvarh(other), net)
    assert np.array_equal(other.energy_import_kwh, hours.energy_import_kwh)
    assert np.allclose(other.apparent_kvah, math.hypot(100.0, net))
