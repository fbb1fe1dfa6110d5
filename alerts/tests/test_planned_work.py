"""Planned work: alerts go out of service while it lasts, and come back when it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts import planned, review, services
from alerts.models import Alert, AlertEvent
from substations.models import PlannedWork

from .alert_scenes import HOUR, Cast, actions, cleared, fresh, raised, station
from .page_checks import SignIn

pytestmark = pytest.mark.django_db
URL = "/api/planned-work/"


def work(code: str = "SS-01", hours: float = 2) -> PlannedWork:
    now = timezone.now()
    return PlannedWork.objects.create(
        substation=station(code), start=now - HOUR, end=now + hours * HOUR, reason="Oil change"
    )


def test_an_alert_raised_during_planned_work_is_out_of_service_and_says_why() -> None:
    until = work().end
    alert = raised()
    other = raised("SS-02")
    assert review.review_changed() == 0
    alert = fresh(alert)
    assert (alert.state.value, alert.suppressed_until, alert.condition) == ("out_of_service", until, "active")
    event = AlertEvent.objects.filter(alert=alert).latest("seq")
    assert (event.action, event.comment) == ("suspend", "Oil change")
    assert fresh(other).state.value == "unacknowledged"
    assert list(Alert.objects.unresolved().most_urgent_first()) == [other, alert]


def test_an_open_alert_goes_out_of_service_when_work_begins_and_comes_back_unacknowledged(person: Cast) -> None:
    alert = raised()
    services.acknowledge(alert, by=person("operator"))
    end = work().end
    now = timezone.now()
    assert planned.follow(now=now) == 1
    assert planned.follow(now=now) == 0
    assert fresh(alert).state.value == "out_of_service"
    assert planned.follow(now=end) == 1
    back = fresh(alert)
    assert (back.state.value, back.suppressed_until, back.acknowledged_by) == ("unacknowledged", None, None)
    assert actions(alert) == ["raise", "acknowledge", "suspend", "resume"]


def test_what_cleared_during_the_work_is_recorded_and_comes_back_as_cleared() -> None:
    alert = raised()
    end = work().end
    planned.follow(now=timezone.now())
    assert cleared(alert).state.value == "out_of_service"
    planned.follow(now=end)
    assert fresh(alert).state.value == "cleared_unacknowledged"


def test_work_that_is_called_off_brings_its_alerts_back() -> None:
    alert = raised()
    called_off = work()
    planned.follow(now=timezone.now())
    called_off.delete()
    planned.follow(now=timezone.now())
    assert fresh(alert).state.value == "unacknowledged"


def body(**changed: Any) -> dict[str, Any]:
    start = timezone.now()
    given = {"substation": station().code, "start": start, "end": start + timedelta(hours=8), "reason": "Tap changer"}
    return given | changed


def test_engineers_plan_work_through_the_api_and_others_look(signed_in: SignIn) -> None:
    engineer = signed_in("engineer")
    made = engineer.post(URL, body(), content_type="application/json")
    assert made.status_code == 201
    assert PlannedWork.objects.get().reason == "Tap changer"
    assert signed_in("viewer").get(URL).json()["results"][0]["substation"] == "SS-01"
    assert signed_in("operator").post(URL, body(), content_type="application/json").status_code == 403
    assert engineer.delete(f"{URL}{made.json()['id']}/").status_code == 204


def test_work_without_an_end_or_that_ends_before_it_starts_is_refused(signed_in: SignIn) -> None:
    client: Client = signed_in("engineer")
    backwards = client.post(URL, body(end=timezone.now() - HOUR), content_type="application/json")
    assert backwards.status_code == 400
    assert "expected a time after" in backwards.json()["end"][0]
    assert client.post(URL, body(end=None), content_type="application/json").status_code == 400
