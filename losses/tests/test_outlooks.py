"""Where a month ends: worked out once for each point and day that closes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from losses.models import HourlyRollup, MonthCost, MonthOutlook, TariffAssignment, TariffVersion
from losses.outlooks import refresh_outlooks
from losses.querysets import FIELDS
from losses.tariff_store import store_version
from substations.models import Substation

from .billed_point import store_days
from .tariff_documents import power_factor_clause, slabs, tariff

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, tzinfo=UTC)
CLAUSE = power_factor_clause(slabs("proportional", (0.9, 0.01, 1.0)))


def hours(substation: Substation, first: int, last: int) -> None:
    """Hours that are stored, and the days that go with them."""
    store_days(substation, START + timedelta(hours=first), last - first)
    plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0}
    values = plain | {"energy_import_kwh": 100.0, "reactive_q1_kvarh": 75.0}
    HourlyRollup.objects.bulk_create(
        HourlyRollup(substation=substation, at=START + timedelta(hours=number), **values)
        for number in range(first, last)
    )


@pytest.fixture
def substation() -> Substation:
    one = Substation.objects.create(code="A", site="Mill")
    TariffAssignment.objects.create(tariff=store_version(tariff(CLAUSE)).tariff, site="Mill", since=date(2026, 1, 1))
    return one


def test_the_month_is_told_to_its_end(substation: Substation) -> None:
    hours(substation, 0, 240)
    assert refresh_outlooks() == 1
    found = MonthOutlook.objects.of(substation).get()
    assert (found.month, found.known_h, found.days_left) == (date(2026, 3, 1), 240, 21)
    assert found.power_factor_middle == pytest.approx(0.8)
    assert found.amount_texts["middle"] == "₹\N{NO-BREAK SPACE}44,640.00"
    assert found.target_power_factor == 0.9
    assert found.hold_power_factor == pytest.approx(0.945, abs=0.01)


def test_it_is_worked_out_when_a_day_closes_and_not_before(substation: Substation) -> None:
    hours(substation, 0, 241)
    assert [refresh_outlooks() for _ in range(2)] == [1, 0]
    hours(substation, 241, 250)
    assert refresh_outlooks() == 0
    hours(substation, 250, 265)
    assert refresh_outlooks() == 1
    assert MonthOutlook.objects.count() == 1


def test_a_tariff_that_was_changed_is_worked_out_again(substation: Substation) -> None:
    hours(substation, 0, 240)
    refresh_outlooks()
    store_version(tariff(power_factor_clause(slabs("proportional", (0.9, 0.01, 2.0)))))
    assert [refresh_outlooks() for _ in range(2)] == [1, 0]
    assert MonthOutlook.objects.get().amount_texts["middle"] == "₹\N{NO-BREAK SPACE}89,280.00"


def test_another_month_has_its_own(substation: Substation) -> None:
    hours(substation, 0, 240)
    refresh_outlooks()
    hours(substation, 240, 800)
    assert refresh_outlooks() == 2
    assert [each.month.month for each in MonthOutlook.objects.of(substation)] == [4, 3]


def test_without_hours_or_a_tariff_there_is_none(substation: Substation) -> None:
    other = Substation.objects.create(code="B")
    hours(other, 0, 240)
    assert refresh_outlooks() == 0


def test_past_months_are_worked_out_once_with_all_their_days(substation: Substation) -> None:
    hours(substation, 0, 800)
    assert [refresh_outlooks() for _ in range(2)] == [2, 0]
    april, march = MonthOutlook.objects.of(substation)
    assert (march.known_h, march.days_left, march.amount_low) == (744, 0, march.amount_high)
    assert MonthCost.objects.filter(month=march.month).exists()
    assert april.days_left > 0


def test_a_past_month_whose_hours_change_is_worked_out_again(substation: Substation) -> None:
    hours(substation, 0, 800)
    refresh_outlooks()
    MonthOutlook.objects.hours_changed([substation], START, START + timedelta(hours=2))
    assert set(MonthOutlook.objects.values_list("month", "is_stale")) == {
        (date(2026, 3, 1), True),
        (date(2026, 4, 1), False),
    }
    assert refresh_outlooks() == 1
    assert not MonthOutlook.objects.filter(is_stale=True).exists()


def test_hours_after_what_it_rests_on_make_no_outlook_stale(substation: Substation) -> None:
    hours(substation, 0, 241)
    refresh_outlooks()
    newest = START + timedelta(hours=240)
    MonthOutlook.objects.hours_changed([substation], newest, newest + timedelta(hours=3))
    assert not MonthOutlook.objects.filter(is_stale=True).exists()


def test_a_month_before_the_assignment_is_nobodys(substation: Substation) -> None:
    TariffAssignment.objects.update(since=date(2026, 4, 1))
    hours(substation, 0, 800)
    assert refresh_outlooks() == 1


def test_a_point_that_fails_stops_no_other(substation: Substation, caplog: pytest.LogCaptureFixture) -> None:
    hours(substation, 0, 240)
    broken = Substation.objects.create(code="B")
    hours(broken, 0, 240)
    stored = store_version(tariff(CLAUSE, name="Broken"))
    TariffAssignment.objects.create(tariff=stored.tariff, substation=broken, since=date(2026, 1, 1))
    TariffVersion.objects.filter(pk=stored.pk).update(document=stored.document | {"charges": [{"kind": "energy"}]})
    assert refresh_outlooks() == 1
    assert "No outlook of B: Broken" in caplog.text


def test_hours_of_a_new_month_by_the_clock_of_the_point_make_it_stale(substation: Substation) -> None:
    Substation.objects.update(time_zone="Asia/Kolkata")
    substation.refresh_from_db()
    hours(substation, 0, 800)
    refresh_outlooks()
    first_of_april = datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    MonthOutlook.objects.hours_changed([substation], first_of_april, first_of_april)
    assert MonthOutlook.objects.get(month=date(2026, 4, 1)).is_stale
