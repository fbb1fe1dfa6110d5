"""Handing an alert back."""

from __future__ import annotations

import pytest

from alerts import services
from alerts.lifecycle import Refused
from alerts.models import Alert, AlertEvent

from .alert_scenes import Cast, actions, fresh, raised
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(person: Cast) -> Alert:
    return services.acknowledge(raised(), by=person("engineer"), note="mine")


def url(alert: Alert) -> str:
    return f"/alerts/{alert.pk}/unacknowledge/"


def test_it_needs_somebody_again_and_the_reason_is_kept(alert: Alert, person: Cast) -> None:
    user = person("operator")
    services.unacknowledge(alert, by=user, note="shift ends")
    alert = fresh(alert)
    assert (alert.acknowledged, alert.acknowledged_by, alert.acknowledged_at, alert.acknowledge_note) == (
        False, None, None, "",
    )  # fmt: skip
    event = AlertEvent.objects.get(action="unacknowledge")
    assert (event.actor, event.comment, event.state_after) == (user, "shift ends", "unacknowledged")


def test_one_that_nobody_acknowledged_cannot_be_handed_back(person: Cast) -> None:
    with pytest.raises(Refused):
        services.unacknowledge(raised(), by=person("operator"), note="?")


def test_only_operators_may(alert: Alert, signed_in: SignIn) -> None:
    assert_guarded(signed_in, "post", url(alert), refused=("outsider", "viewer"), note="no")
    assert fresh(alert).acknowledged


def test_it_takes_a_post(alert: Alert, signed_in: SignIn) -> None:
    assert signed_in("operator").get(url(alert)).status_code == 405


def test_it_asks_for_a_reason(alert: Alert, signed_in: SignIn) -> None:
    answer = signed_in("operator").post(url(alert), {"note": " "})
    assert (answer.status_code, fresh(alert).acknowledged) == (422, True)
    assert "This field is required." in text(answer)


def test_it_returns_to_the_alert_and_refuses_a_second_time(alert: Alert, signed_in: SignIn) -> None:
    client, data = signed_in("operator"), {"note": "shift ends", "version": alert.version}
    assert client.post(url(alert), data).status_code == 302
    assert client.post(url(alert), data).status_code == 409
    assert client.post(url(alert), {"note": "again"}).status_code == 409
    assert actions(alert) == ["raise", "acknowledge", "unacknowledge"]
