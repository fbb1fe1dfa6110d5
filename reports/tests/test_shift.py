"""The report of a shift: hours and alerts of a stretch of time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from alerts import services as alert_services
from alerts.tests.alert_scenes import cleared
from reports import services
from reports.models import Report
from substations.models import Substation

from .report_scenes import SHIFT, alert_at, hours, made, paper_text, sheets

pytestmark = pytest.mark.django_db
EIGHT = timedelta(hours=8)


def shift(**values: object) -> Report:
    plain = {"kind": "shift", "start": SHIFT, "end": SHIFT + EIGHT}
    return services.request_report(Report(**(plain | values)), by=None).report


@pytest.fixture
def station() -> Substation:
    station = Substation.objects.create(code="A", time_zone="Asia/Kolkata")
    hours(station, SHIFT - timedelta(hours=4), 24, avoidable_loss_kwh=0.25)
    return station


def test_only_the_hours_of_the_shift_count(station: Substation) -> None:
    found = sheets(made(shift()).sheet.read())
    assert found["Substations"][1][:4] == ["A", 2.0, 16.0, 800.0]
    assert len(found["Over time"]) == 1 + 8


def test_times_are_on_the_clock_of_the_substation(station: Substation) -> None:
    text = paper_text(made(shift()))
    assert "2026-03-02 11:30 – 2026-03-02 19:30" in text
    assert "Asia/Kolkata (+05:30)" in text


def test_it_says_what_was_raised_cleared_and_is_handed_over(station: Substation) -> None:
    alert_at(station)
    other = Substation.objects.create(code="B")
    cleared(alert_at(other, start=SHIFT + timedelta(hours=2)))
    assert "2 alerts were raised, 1 cleared, 1 is handed over." in paper_text(made(shift()))


def test_what_was_done_at_another_time_is_not_of_this_shift(station: Substation) -> None:
    alert = alert_at(station)
    alert_services.comment(alert, by=User.objects.create_user("olga"), text="Later, by the server's clock")
    text = paper_text(made(shift()))
    assert "Capacitor bank failure" in text
    assert "olga" not in text


def test_without_an_hour_it_says_so() -> None:
    Substation.objects.create(code="A")
    text = paper_text(made(shift()))
    assert "No hour of this shift is accounted yet." in text
    assert "No alert was present." in text
