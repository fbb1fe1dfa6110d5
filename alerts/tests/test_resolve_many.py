"""Resolving several alerts with one form: those who supervise, alerts of one kind, each by itself."""

from __future__ import annotations

import pytest

from alerts import services
from alerts.models import Alert, AlertEvent, Resolution

from .alert_scenes import FINDINGS, Cast, fresh, raised
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/resolve/"
ANSWER = FINDINGS | {"confirmed": "1"}


def named(*alerts: Alert) -> list[str]:
    return [f"{alert.pk}:{alert.version}" for alert in alerts]


def test_operators_may_resolve_one_but_not_many(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "post", URL, refused=("viewer", "operator", "outsider"))
    assert signed_in("engineer").get(URL).status_code == 405


def test_the_button_is_there_for_those_who_may(signed_in: SignIn) -> None:
    raised()
    assert "Resolve selected" in text(signed_in("engineer").get("/alerts/"))
    assert "Resolve selected" not in text(signed_in("operator").get("/alerts/"))


def test_a_form_is_shown_first_with_what_will_be_resolved(signed_in: SignIn) -> None:
    alerts = [raised("A"), raised("B")]
    page = text(signed_in("engineer").post(URL, {"alert": named(*alerts)}))
    assert "Resolve 2 alerts" in page
    assert not Resolution.objects.exists()


def test_each_gets_the_same_findings_and_an_event_of_its_own(signed_in: SignIn) -> None:
    alerts = [raised("A"), raised("B")]
    answer = signed_in("engineer").post(URL, ANSWER | {"alert": named(*alerts)}, follow=True)
    assert "2 alerts resolved." in text(answer)
    assert {each.closure for each in Alert.objects.all()} == {"resolved"}
    assert Resolution.objects.filter(corrective_action="Fuse replaced").count() == 2
    assert AlertEvent.objects.filter(action="resolve", actor__username="engineer-user").count() == 2


def test_alerts_of_two_kinds_are_refused_with_the_reason(signed_in: SignIn) -> None:
    alerts = [raised("A"), raised("B", kind="meter", cause="ct_error")]
    answer = signed_in("engineer").post(URL, ANSWER | {"alert": named(*alerts)}, follow=True)
    assert "expected alerts of one kind" in text(answer)
    assert not Resolution.objects.exists()


def test_what_moved_meanwhile_is_named_and_the_rest_is_resolved(signed_in: SignIn, person: Cast) -> None:
    alerts = [raised("A"), raised("B")]
    chosen = named(*alerts)
    services.acknowledge(fresh(alerts[0]), by=person("operator"))
    page = text(signed_in("engineer").post(URL, ANSWER | {"alert": chosen}, follow=True))
    assert "1 alert resolved." in page
    assert "A, Capacitor bank failure" in page
    assert (fresh(alerts[0]).closed_at, fresh(alerts[1]).closure) == (None, "resolved")


def test_what_is_missing_is_named_and_what_was_typed_stays(signed_in: SignIn) -> None:
    alert = raised()
    answer = signed_in("engineer").post(
        URL, ANSWER | {"alert": named(alert), "corrective_action": "", "root_cause": "a fuse"}
    )
    assert answer.status_code == 422
    assert "This field is required." in text(answer)
    assert "a fuse" in text(answer)


@pytest.mark.parametrize("chosen", [[], ["x"], ["999:1"]])
def test_nothing_that_can_be_resolved_is_said(signed_in: SignIn, chosen: list[str]) -> None:
    answer = signed_in("engineer").post(URL, ANSWER | {"alert": chosen}, follow=True)
    assert "select the open alerts to resolve" in text(answer)
