"""Acknowledging from a message: GET shows, POST acts, once; who acted is recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts.models import Alert, AlertEvent
from notifications import outbox, routing
from notifications.outbox_models import AcknowledgeLink, OutgoingMessage

from .notification_scenes import CRITICAL, MINUTE, channel, cleared_at, raised_at, returned_at, route

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(person: Any) -> Alert:
    """An alert that was told to the operator by mail a minute ago."""
    return announced_to(person("operator"))


def announced_to(owner: Any) -> Alert:
    now = timezone.now() - MINUTE
    route(channel("mail", kind="email", destination="a@example.org", owner=owner))
    made = raised_at(now, severity=CRITICAL)
    routing.route_new(now=now)
    outbox.assemble_due(now=now)
    return made


def link() -> str:
    """The path of the link in the only message."""
    text = OutgoingMessage.objects.get().text
    return "/notifications/acknowledge/" + text.partition("/notifications/acknowledge/")[2].split()[0]


def test_opening_the_link_shows_the_alert_and_changes_nothing(client: Client, alert: Alert) -> None:
    answer = client.get(link())
    assert answer.status_code == 200
    assert b"operator-user" in answer.content
    assert not Alert.objects.get().acknowledged


def test_the_button_acknowledges_in_the_name_of_the_person_whose_channel_it_is(client: Client, alert: Alert) -> None:
    answer = client.post(link())
    assert b"operator-user has acknowledged" in answer.content
    event = AlertEvent.objects.latest("pk")
    assert (event.action, str(event.actor)) == ("acknowledge", "operator-user")
    assert event.comment == "By the link in a message to mail."
    assert AcknowledgeLink.objects.get().used_by == event.actor


def test_used_twice_it_says_by_whom(client: Client, alert: Alert) -> None:
    client.post(link())
    for answer in (client.get(link()), client.post(link())):
        assert b"This link has been used by operator-user." in answer.content
        assert answer.status_code in (409, 410)
    assert AlertEvent.objects.filter(action="acknowledge").count() == 1


def test_who_is_signed_in_acts_in_their_own_name(signed_in: Any, alert: Alert) -> None:
    signed_in("engineer").post(link())
    assert str(AlertEvent.objects.latest("pk").actor) == "engineer-user"


def test_a_viewer_may_not(signed_in: Any, alert: Alert) -> None:
    assert signed_in("viewer").post(link()).status_code == 403
    assert not Alert.objects.get().acknowledged


def test_the_link_of_a_shared_channel_asks_for_a_sign_in(client: Client) -> None:
    announced_to(None)
    answer = client.post(link())
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


def test_after_a_day_it_has_expired(client: Client, alert: Alert) -> None:
    AcknowledgeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(link()).status_code == 410
    assert b"has expired" in client.post(link()).content
    assert not Alert.objects.get().acknowledged


def test_an_alert_that_was_announced_again_is_not_acknowledged_by_an_old_message(client: Client, alert: Alert) -> None:
    path = link()
    cleared_at(alert, timezone.now())
    returned_at(alert, timezone.now())
    assert b"announced again" in client.post(path).content
    assert not Alert.objects.get().acknowledged


@pytest.mark.parametrize("token", ["x", "MQ:1:2", "a" * 500])
def test_a_link_that_was_not_made_here_is_not_found(client: Client, token: str) -> None:
    assert client.get(f"/notifications/acknowledge/{token}/").status_code == 404


def test_a_changed_token_is_not_found(client: Client, alert: Alert) -> None:
    assert client.get(link()[:-3] + "xx/").status_code == 404


def test_machines_get_no_link() -> None:
    now = timezone.now()
    route(channel("file"))
    raised_at(now, severity=CRITICAL)
    routing.route_new(now=now)
    outbox.assemble_due(now=now)
    assert not AcknowledgeLink.objects.exists()
    assert "acknowledge" not in OutgoingMessage.objects.get().body
