"""The report of one alert."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from alerts import services as alert_services
from alerts.models import Alert
from alerts.tests.alert_scenes import resolved
from reports import services
from reports.models import Report
from substations.models import Substation

from .report_scenes import SHIFT, alert_at, hours, made, paper_text, sheets

pytestmark = pytest.mark.django_db
EVIDENCE = {
    "at_peak": {"reactive_power_kvar": {"measured": 90.0, "expected": 10.0, "low": 0.0, "high": 20.0, "unit": "kvar"}},
    "runner_up": "overload",
}


@pytest.fixture
def alert() -> Alert:
    station = Substation.objects.create(code="A", name="North yard", site="Mill")
    hours(station, SHIFT, 12, avoidable_loss_kwh=0.25)
    return alert_at(station, evidence=EVIDENCE)


def report_of(alert: Alert) -> Report:
    return made(services.request_report(Report(kind="alert", alert=alert), by=None).report)


def test_it_says_when_where_why_how_much_and_what_to_check(alert: Alert) -> None:
    text = paper_text(report_of(alert))
    assert f"Alert {alert.pk}: Capacitor bank failure" in text
    assert "A · North yard · Mill" in text
    assert "Reactive power is 90 kvar above what is expected." in text
    assert "12.5 kWh 10.0 to 15.0 kWh" in text
    assert "What to check first" in text
    assert "Reactive power 90.0 10.0 0 20.0 kvar" in text
    assert "Next most likely: Overload." in text


def test_it_says_who_did_what_and_what_was_found(alert: Alert) -> None:
    user = User.objects.create_user("olga")
    alert_services.acknowledge(alert, by=user, note="On my way")
    resolved(alert, user)
    text = paper_text(report_of(alert))
    assert "olga Acknowledged On my way" in text
    assert "Fuse of step 3 blown" in text
    assert "Fully resolved" in text


def test_the_workbook_has_the_course_of_the_losses(alert: Alert) -> None:
    found = sheets(report_of(alert).sheet.read())
    assert found["Over time"][0] == ["Of", "Avoidable kWh", "Above normal kWh"]
    assert len(found["Over time"]) == 1 + 12


def test_without_stored_hours_and_detection_there_is_a_report_too(alert: Alert) -> None:
    Alert.objects.filter(pk=alert.pk).update(detection=None)
    alert.substation.hourly_rollups.all().delete()
    assert "Evidence" not in sheets(report_of(alert).sheet.read())
