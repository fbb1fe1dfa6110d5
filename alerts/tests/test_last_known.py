"""Alerts of substations that report no more are last known; acknowledging what has cleared closes, until undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts import services
from alerts.changes import Conflict
from alerts.lifecycle import Refused
from alerts.models import Alert
from substations.models import Reading

from .alert_scenes import CRITICAL, Cast, actions, cleared, detected, fresh, raised, resolved, reviewed, station
from .page_checks import SignIn, text

pytestmark = pytest.mark.django_db


def read(alert: Alert, age: timedelta) -> None:
    Reading.objects.create(substation=alert.substation, at=timezone.now() - age, active_power_kw=1.0)


@pytest.mark.parametrize("url", ["/alerts/", "/alerts/panel/", "/alerts/{pk}/"])
def test_an_alert_of_a_record_that_ended_is_last_known(signed_in: SignIn, url: str) -> None:
    alert = raised()
    read(alert, timedelta(days=40))
    page = text(signed_in("operator").get(url.format(pk=alert.pk)))
    assert "Last known" in page
    assert "Active" not in page.replace("Active power", "")


def test_with_fresh_readings_it_is_active(signed_in: SignIn) -> None:
    alert = raised()
    read(alert, timedelta(minutes=5))
    client = signed_in("operator")
    assert "Active" in text(client.get("/alerts/panel/"))
    assert client.get(f"/api/alerts/{alert.pk}/").json()["last_known_at"] is None


def test_the_api_says_since_when(signed_in: SignIn) -> None:
    alert = raised()
    read(alert, timedelta(days=2))
    client = signed_in("viewer")
    assert client.get(f"/api/alerts/{alert.pk}/").json()["last_known_at"]
    assert client.get("/api/alerts/").json()["results"][0]["last_known_at"]


def test_missing_data_and_what_has_cleared_are_not_last_known() -> None:
    missing = raised(kind="data_missing", cause="data_missing")
    read(missing, timedelta(days=2))
    assert missing.last_known_at is None
    assert cleared(raised()).last_known_at is None


def test_the_button_says_that_it_closes_and_the_answer_can_be_undone(signed_in: SignIn) -> None:
    client, alert = signed_in("operator"), cleared(raised())
    assert "Acknowledge and close" in text(client.get(f"/alerts/{alert.pk}/"))
    page = text(client.post(f"/alerts/{alert.pk}/acknowledge/", {"version": alert.version}, follow=True))
    assert fresh(alert).closed_at is not None
    assert "It had cleared and is closed now." in page
    assert "Undo" in page
    client.post(f"/alerts/{alert.pk}/unacknowledge/", {"version": fresh(alert).version, "note": "Undone"})
    found = fresh(alert)
    assert (found.closed_at, found.closure, found.acknowledged, found.state) == (
        None, "", False, "cleared_unacknowledged",
    )  # fmt: skip
    assert actions(alert)[-2:] == ["acknowledge", "unacknowledge"]


def test_one_that_is_active_or_critical_does_not_say_so(signed_in: SignIn) -> None:
    client = signed_in("operator")
    for alert in (raised("A"), cleared(raised("B", severity=CRITICAL))):
        assert "Acknowledge and close" not in text(client.get(f"/alerts/{alert.pk}/"))
    assert not cleared(raised("C", severity=CRITICAL)).closes_when_acknowledged


def test_what_was_resolved_is_not_opened_by_taking_an_acknowledgement_back(person: Cast) -> None:
    user, alert = person("operator"), raised()
    services.acknowledge(alert, by=user)
    alert = resolved(alert, user)
    with pytest.raises(Refused):
        services.unacknowledge(alert, by=user, note="no")


def test_it_is_not_opened_beside_a_newer_alert(person: Cast) -> None:
    user, alert = person("operator"), cleared(raised())
    services.acknowledge(alert, by=user)
    reviewed(detected(station(), cause="overload", start=timezone.now()))
    with pytest.raises(Conflict):
        services.unacknowledge(fresh(alert), by=user, note="too late")
