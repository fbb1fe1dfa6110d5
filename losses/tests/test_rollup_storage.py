"""Days are the sums of their hours, also where clocks change, and hours are replaced, never doubled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from losses.models import DailyRollup, HourlyRollup
from losses.rollup_storage import hour_start
from losses.stale_hours import account_pending

from .stored_grid import HOUR, MIDNIGHT, quarters, send, substation

pytestmark = pytest.mark.django_db
DAYS = {
    "Europe/Berlin": datetime(2026, 3, 28, 23, tzinfo=UTC),
    "Asia/Kolkata": datetime(2026, 3, 28, 18, 30, tzinfo=UTC),
}


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Berlin", [23.0, 24.0]), ("Asia/Kolkata", [24.0, 24.0])])
def test_a_day_has_the_hours_of_its_clock(zone: str, hours: list[float]) -> None:
    substation(time_zone=zone)
    send(quarters("A", sum(hours), since=DAYS[zone]))
    account_pending(judged_only=False)
    days = DailyRollup.objects.order_by("day")
    assert [each.covered_h for each in days] == hours
    assert [each.day.isoformat() for each in days] == ["2026-03-29", "2026-03-30"]
    assert [each.energy_import_kwh for each in days] == pytest.approx([400.0 * each for each in hours])


def test_a_month_is_the_sum_of_its_days_and_of_its_hours() -> None:
    substation()
    send(quarters("A", 40))
    send(quarters("A", 8, since=MIDNIGHT + 60 * HOUR, active_kw=700.0))
    account_pending(judged_only=False)
    for name in ("energy_import_kwh", "load_loss_kwh", "avoidable_loss_kwh", "covered_h"):
        hourly, daily = (model.objects.aggregate(sum=Sum(name))["sum"] for model in (HourlyRollup, DailyRollup))
        assert daily == pytest.approx(hourly)
    assert DailyRollup.objects.totals()["max_demand_kw"] == pytest.approx(703.0)
    assert DailyRollup.objects.totals()["row_count"] == 3


def test_accounting_again_replaces() -> None:
    substation()
    for active_kw in (400.0, 500.0):
        send(quarters("A", 26, active_kw=active_kw))
        account_pending(judged_only=False)
    assert HourlyRollup.objects.count() == 26
    assert set(HourlyRollup.objects.values_list("energy_import_kwh", flat=True)) == {500.0}
    assert DailyRollup.objects.count() == 2


@pytest.mark.parametrize(
    ("zone", "start"),
    [("UTC", "2026-03-02T10:00"), ("Asia/Kolkata", "2026-03-02T10:30"), ("Asia/Kathmandu", "2026-03-02T10:15")],
)
def test_an_hour_begins_when_the_local_clock_says_so(zone: str, start: str) -> None:
    at = datetime(2026, 3, 2, 10, 59, tzinfo=UTC)
    found = hour_start(at, substation(time_zone=zone).zone)
    assert found == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert timedelta() <= at - found < HOUR
