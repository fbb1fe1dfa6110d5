"""From events to the stored days, and which of them are worked out again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.utils import timezone

from alerts import alarm_days, services
from alerts.kpi_figures import FLEETING, HELD, RAISED, REOPENED, Alarms
from alerts.models import AlarmDay, Alert, AlertEvent

from .alert_scenes import CRITICAL, HOUR, Cast, cleared, fresh, raised, resolved

pytestmark = pytest.mark.django_db


def refreshed() -> Alarms:
    alarm_days.refresh(now=timezone.now())
    return alarm_days.read(None, timezone.now() + HOUR)


def test_an_announcement_is_a_row_with_what_it_was_of() -> None:
    alert = raised(severity=CRITICAL)
    (row,) = refreshed()
    assert (row["alert"], row["substation"], row["severity"], row["step"]) == (
        alert.pk,
        alert.substation_id,
        20,
        RAISED,
    )
    named = alarm_days.KINDS[row["kind"]], alarm_days.CAUSES[row["cause"]]
    assert (*named, row["interval_s"]) == ("loss", "capacitor_failure", 900)
    assert abs(row["at_s"] - alert.detected_at.timestamp()) < 1
    assert np.isnan([row["acknowledged_after_s"], row["closed_after_s"], row["active_for_s"]]).all()


def test_what_comes_later_is_written_beside_it(person: Cast) -> None:
    alert = raised()
    refreshed()
    services.acknowledge(fresh(alert), by=person("operator"))
    cleared(fresh(alert))
    (row,) = refreshed()
    assert row["acknowledged_after_s"] >= 0
    assert row["closed_after_s"] >= 0
    assert row["active_for_s"] == 3600


def test_a_false_alarm_is_known_as_one(person: Cast) -> None:
    resolved(raised(), person("operator"), outcome="false_alarm")
    (row,) = refreshed()
    assert row["is_false"] == 1


def test_reopened_is_a_row_of_its_own_and_the_first_answer_stays_with_the_first(person: Cast) -> None:
    alert = resolved(services.acknowledge(raised(), by=person("engineer")), person("operator"))
    Alert.objects.filter(pk=alert.pk).update(verify_at=timezone.now() - HOUR, verify_from=None)
    assert services.verify_due() == 1
    first, second = sorted(refreshed(), key=lambda row: row["step"])
    assert (first["step"], second["step"]) == (RAISED, REOPENED)
    assert np.isfinite(first["acknowledged_after_s"])
    assert np.isnan(second["acknowledged_after_s"])


def test_fleeting_and_held_ones_are_rows_that_were_not_announced() -> None:
    alert = raised(severity=10)
    AlertEvent.objects.filter(pk__gt=0)._raw_delete("default")
    common = {"event_time": alert.detected_at, "at": alert.detected_at, "severity_after": 10, "source": "system"}
    AlertEvent.objects.create(alert=alert, seq=1, action="record", **common)
    AlertEvent.objects.create(alert=alert, seq=2, action="return", **common)
    Alert.objects.filter(pk=alert.pk).update(closure="fleeting", closed_at=timezone.now())
    assert sorted(row["step"] for row in refreshed()) == [HELD, FLEETING]


def test_a_day_is_worked_out_again_only_when_an_event_concerns_it(person: Cast) -> None:
    alert = raised()
    assert alarm_days.refresh(now=timezone.now()) == 1
    assert alarm_days.refresh(now=timezone.now()) == 0
    services.acknowledge(fresh(alert), by=person("operator"))
    assert alarm_days.refresh(now=timezone.now()) == 1
    assert alarm_days.refresh(now=timezone.now()) == 0


def test_a_late_answer_changes_the_day_of_the_alarm(person: Cast) -> None:
    alert = raised()
    before = timezone.now() - timedelta(days=9)
    AlertEvent.objects.filter(pk__gt=0)._raw_delete("default")
    AlertEvent.objects.create(
        alert=alert, seq=1, at=before, event_time=before, action="raise", severity_after=10, announces=True,
        source="system", state_after="unacknowledged",
    )  # fmt: skip
    refreshed()
    services.acknowledge(fresh(alert), by=person("operator"))
    (row,) = refreshed()
    assert row["acknowledged_after_s"] == pytest.approx(9 * 86400, abs=60)
    assert AlarmDay.objects.get().day == before.astimezone(alarm_days.zone()).date()


def test_rows_in_another_layout_are_worked_out_again() -> None:
    raised()
    refreshed()
    AlarmDay.objects.update(layout=0, rows=b"")
    assert len(refreshed()) == 1


def test_the_number_of_queries_of_a_day_does_not_grow(person: Cast, django_assert_num_queries: Any) -> None:
    user = person("operator")
    for number in range(20):
        services.acknowledge(raised(f"SS-{number:02d}"), by=user)
    start, end = alarm_days.bounds(timezone.now().astimezone(alarm_days.zone()).date())
    with django_assert_num_queries(3):
        assert len(alarm_days.rows_of(start, end)) == 20


def test_a_day_is_one_of_the_sites_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm_days, "zone", lambda: ZoneInfo("Asia/Kolkata"))
    start, end = alarm_days.bounds(date(2026, 3, 2))
    assert start.astimezone(UTC) == datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
    assert end - start == timedelta(days=1)
