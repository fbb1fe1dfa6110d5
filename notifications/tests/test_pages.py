"""Pages of notifications: a first route, who may do what, what is never shown, what bad input is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications import channel_services
from notifications.models import (
    Absence,
    EscalationPolicy,
    NotificationChannel,
    NotificationRoute,
    OnCallRotation,
    OutgoingMessage,
    QuietHours,
)
from notifications.transports.message_lines import path_of

from .loopback_receivers import hook_server
from .notification_scenes import CRITICAL, NOW, channel, raised_at, recording, route, run

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]
PAGES = ("routes", "channels", "policies", "rotations", "deliveries", "dead-letters", "quiet-hours")
FORMS = ("add-route", "add-channel", "add-policy", "add-rotation")


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.NOTIFY_FILES = tmp_path
    settings.NOTIFY_ALLOW_PRIVATE = True


def url(name: str, *args: object) -> str:
    return reverse(f"notifications:{name}", args=args)


def html(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_first_route_is_made_in_one_form_with_a_test_that_arrives(signed_in: SignedIn) -> None:
    client = signed_in("engineer")
    assert "All alerts to one place" in html(client.get(url("routes")))
    answer = client.post(url("first-route"), {"kind": "file", "target": "alarms"})
    assert "The test was sent." in html(answer)
    made = NotificationRoute.objects.get()
    [line] = path_of(made.channels.get()).read_text().splitlines()
    assert json.loads(line)["type"] == "alerts.test"
    raised_at(NOW, severity=CRITICAL)
    run(NOW)
    assert "SS-01" in path_of(made.channels.get()).read_text()


def test_who_presses_twice_gets_one_route_and_another_test(signed_in: SignedIn) -> None:
    client = signed_in("engineer")
    for _press in range(2):
        assert "The test was sent." in html(client.post(url("first-route"), {"kind": "file", "target": "alarms"}))
    assert NotificationRoute.objects.count() == NotificationChannel.objects.count() == 1
    assert OutgoingMessage.objects.count() == 2


def test_a_first_webhook_shows_its_secret_once_and_its_test_is_signed_with_it(signed_in: SignedIn) -> None:
    client = signed_in("engineer")
    with hook_server() as server:
        page = html(client.post(url("first-route"), {"kind": "webhook", "target": server.url}))
        secret = page.partition("whsec_")[2].partition("<")[0]
        assert server.verified(f"whsec_{secret}")
    made = NotificationChannel.objects.get()
    assert secret not in html(client.get(url("channel", made.pk)))


@pytest.mark.parametrize(
    ("kind", "target", "said"),
    [
        ("email", "anna", "is no e-mail address"),
        ("webhook", "ftp://example.org", "Received no address of a web server"),
        ("webhook", "https://a:b@example.org/", "without name and password"),
        ("file", "../../etc/passwd", "Received “../../etc/passwd” as a file"),
        ("push", "json://example.org", "is not allowed"),
        ("pigeon", "x", "Select a valid choice"),
    ],
)
def test_a_wrong_target_is_refused_with_what_was_received(
    signed_in: SignedIn, kind: str, target: str, said: str
) -> None:
    answer = signed_in("engineer").post(url("first-route"), {"kind": kind, "target": target})
    assert answer.status_code == 422
    assert said in html(answer)
    assert not NotificationChannel.objects.exists()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("role", "status"), [("outsider", 403), ("viewer", 403), ("operator", 200), ("engineer", 200)])
def test_who_sees_the_pages(signed_in: SignedIn, name: str, role: str, status: int) -> None:
    assert signed_in(role).get(url(name)).status_code == status


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("engineer", 200)])
def test_engineers_alone_make_routes_channels_policies_and_rotations(
    signed_in: SignedIn, name: str, role: str, status: int
) -> None:
    assert signed_in(role).get(url(name)).status_code == status


def objects() -> dict[str, Any]:
    target = channel("one")
    return {
        "channel": target.pk,
        "route": route(target).pk,
        "policy": EscalationPolicy.objects.create(name="p").pk,
        "rotation": OnCallRotation.objects.create(
            name="r", time_zone="UTC", handover="08:00", days=7, first_day="2026-03-02"
        ).pk,
    }


POSTS = ("test-channel", "rotate-secret", "retire-secret", "switch-channel", "remove-channel", "remove-route",
         "remove-policy", "remove-rotation")  # fmt: skip


@pytest.mark.parametrize("name", POSTS)
def test_an_operator_changes_nothing_and_a_link_does_nothing(signed_in: SignedIn, name: str) -> None:
    made = objects()
    where = url(name, made[name.partition("-")[2].replace("secret", "channel")])
    assert signed_in("operator").post(where).status_code == 403
    assert signed_in("engineer").get(where).status_code == 405
    assert NotificationRoute.objects.count() == EscalationPolicy.objects.count() == OnCallRotation.objects.count() == 1
    assert NotificationChannel.objects.kept().count() == 1


@pytest.mark.parametrize("name", ["routes", "channels", "deliveries", "dead-letters"])
def test_nobody_sees_anything_without_signing_in(client: Client, name: str) -> None:
    assert client.get(url(name)).status_code == 302


def hook_with_secret() -> tuple[NotificationChannel, list[str]]:
    made = channel("hook", kind="webhook")
    secret = channel_services.set_target(made, "https://example.org/path-secret?token=query-secret")
    made.save()
    return made, [secret, secret.removeprefix("whsec_"), "path-secret", "query-secret", made.sealed]


def test_no_page_admin_or_answer_of_the_api_shows_a_secret(signed_in: SignedIn, admin_client: Client) -> None:
    made, hidden = hook_with_secret()
    push = channel("push", kind="push")
    channel_services.set_target(push, "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/")
    push.save()
    hidden += ["T1JJ3T3L2", "TIiajkdnlazkcOXrIdevi7FQ"]
    route(made, push)
    raised_at(NOW, severity=CRITICAL)
    pages = [url(name) for name in PAGES]
    pages += [url("channel", made.pk), url("channel", push.pk), url("route", NotificationRoute.objects.get().pk)]
    pages += ["/api/notification-channels/", f"/api/notification-channels/{made.pk}/", "/api/notification-messages/"]
    pages += [f"/admin/notifications/notificationchannel/{made.pk}/change/", "/admin/"]
    pages += ["/admin/notifications/notificationchannel/", "/admin/notifications/outgoingmessage/"]
    for page in pages:
        answer = admin_client.get(page)
        assert answer.status_code == 200, page
        assert [text for text in hidden if text in html(answer)] == [], page


def test_an_empty_target_keeps_what_is_stored_and_another_replaces_it(signed_in: SignedIn) -> None:
    made, hidden = hook_with_secret()
    client = signed_in("engineer")
    values = {"name": "renamed", "target": "", "per_minute": "0"}
    answer = client.post(url("channel", made.pk), values)
    assert answer.status_code == 200
    made.refresh_from_db()
    assert (made.name, made.secrets["secrets"]) == ("renamed", [hidden[0]])
    client.post(url("channel", made.pk), values | {"target": "https://example.com/other"})
    made.refresh_from_db()
    assert made.secrets == {"url": "https://example.com/other", "secrets": [hidden[0]]}


def test_another_secret_is_shown_once_and_the_old_one_can_be_retired(signed_in: SignedIn) -> None:
    made, hidden = hook_with_secret()
    client = signed_in("engineer")
    page = html(client.post(url("rotate-secret", made.pk)))
    assert "whsec_" in page
    assert hidden[0] not in page
    made.refresh_from_db()
    assert len(made.secrets["secrets"]) == 2
    client.post(url("retire-secret", made.pk))
    made.refresh_from_db()
    assert len(made.secrets["secrets"]) == 1
    assert made.secrets["secrets"] != [hidden[0]]


def test_a_removed_channel_keeps_its_messages_and_loses_its_secrets(signed_in: SignedIn) -> None:
    made, _hidden = hook_with_secret()
    OutgoingMessage.objects.create(channel=made, kind="test", subject="s", created_at=NOW)
    client = signed_in("engineer")
    client.post(url("remove-channel", made.pk))
    made.refresh_from_db()
    assert (made.sealed, made.is_enabled) == ("", False)
    assert client.get(url("channel", made.pk)).status_code == 404
    assert OutgoingMessage.objects.count() == 1


def test_a_route_is_made_and_changed(signed_in: SignedIn) -> None:
    target = channel()
    client = signed_in("engineer")
    values = {
        "name": "night", "channels": [target.pk], "min_severity": "20", "kinds": ["loss"], "days": ["6", "7"],
        "from_time": "22:00", "until_time": "06:00", "time_zone": "Asia/Kolkata", "wait_s": "30",
        "critical_wait_s": "0", "interval_s": "300", "reminder_minutes": "0", "is_enabled": "on",
    }  # fmt: skip
    assert client.post(url("add-route"), values).status_code == 302
    made = NotificationRoute.objects.get()
    assert (made.kinds, made.days, made.min_severity) == (["loss"], [6, 7], 20)
    assert client.post(url("route", made.pk), values | {"name": "nights"}).status_code == 302
    assert NotificationRoute.objects.get().name == "nights"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"channels": []}, "this route would reach nobody"),
        ({"until_time": ""}, "one end of the hours"),
        ({"time_zone": "Mars/Olympus"}, "is not a time zone"),
        ({"wait_s": "99999"}, "less than or equal to 3600"),
        ({"days": ["8"]}, "Select a valid choice"),
    ],
)
def test_a_wrong_route_is_refused(signed_in: SignedIn, wrong: dict[str, Any], said: str) -> None:
    values = {
        "name": "n", "channels": [channel().pk], "min_severity": "10", "from_time": "22:00", "until_time": "06:00",
        "wait_s": "30", "critical_wait_s": "0", "interval_s": "300", "reminder_minutes": "0",
    }  # fmt: skip
    answer = signed_in("engineer").post(url("add-route"), values | wrong)
    assert answer.status_code == 422
    assert said in html(answer)


def rows(prefix: str, *values: dict[str, Any]) -> dict[str, Any]:
    """A form set as a browser posts it."""
    data: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(values), f"{prefix}-INITIAL_FORMS": 0}
    for number, row in enumerate(values):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def test_a_policy_is_made_with_its_steps_and_a_step_needs_one_target(signed_in: SignedIn) -> None:
    target = channel()
    client = signed_in("engineer")
    steps = rows("steps", {"after_minutes": "0", "channel": target.pk}, {"after_minutes": ""})
    assert client.post(url("add-policy"), {"name": "three", "reminder_minutes": "60"} | steps).status_code == 302
    assert [step.after_minutes for step in EscalationPolicy.objects.get().steps.all()] == [0]
    wrong = client.post(
        url("add-policy"), {"name": "x", "reminder_minutes": "0"} | rows("steps", {"after_minutes": "5"})
    )
    assert wrong.status_code == 422
    assert "Choose one of channel, person and on call" in html(wrong)


def test_a_rotation_is_made_and_the_page_says_who_is_on_call(signed_in: SignedIn, person: Any) -> None:
    anna = person("operator")
    client = signed_in("engineer")
    values = {"name": "line", "time_zone": "UTC", "handover": "08:00", "days": "7", "first_day": "2026-03-02"}
    values |= rows("members", {"position": "1", "user": anna.pk}) | rows("overrides")
    assert client.post(url("add-rotation"), values).status_code == 302
    assert "operator-user" in html(client.get(url("rotations")))
    holiday = {"user": anna.pk, "first_day": "2020-01-01", "last_day": "2199-01-01"}
    assert client.post(url("rotations"), holiday).status_code == 302
    assert "nobody" in html(client.get(url("rotations")))
    client.post(url("remove-absence", Absence.objects.get().pk))
    assert not Absence.objects.exists()
    wrong = client.post(url("rotations"), holiday | {"last_day": "2019-01-01"})
    assert "before the first" in html(wrong)


def test_everybody_has_quiet_hours_of_their_own(signed_in: SignedIn) -> None:
    client = signed_in("operator")
    values = {"start": "22:00", "end": "06:00", "time_zone": "Europe/Berlin", "critical_passes": "on"}
    assert client.post(url("quiet-hours"), values).status_code == 302
    assert QuietHours.objects.get().user == User.objects.get(username="operator-user")
    assert client.post(url("quiet-hours"), values | {"time_zone": "x"}).status_code == 422
    client.post(url("quiet-hours"), {"none": "1"})
    assert not QuietHours.objects.exists()


def test_a_dead_letter_is_listed_and_sent_again(signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    from notifications.transports import TransportFailed

    sent = recording(monkeypatch)
    sent.failures = [TransportFailed("nobody there", permanent=True)]
    route(channel())
    raised_at(NOW, severity=CRITICAL)
    run(NOW)
    client = signed_in("engineer")
    assert "nobody there" in html(client.get(url("dead-letters")))
    assert "1 message could not be sent" in html(client.get(url("routes")))
    dead = OutgoingMessage.objects.get()
    assert signed_in("viewer").post(url("send-again", dead.pk)).status_code == 403
    client.post(url("send-again", dead.pk))
    again = client.post(url("send-again", dead.pk), follow=True)
    assert "Only what was given up" in html(again)
    from django.utils import timezone

    run(timezone.now())
    assert len(sent.sent) == 1


def test_deliveries_are_listed_in_a_fixed_number_of_queries(signed_in: SignedIn) -> None:
    route(channel("a"), channel("b"))
    client = signed_in("operator")
    counts = []
    for number in (1, 8):
        raised_at(NOW, f"SS-{number}", severity=CRITICAL)
        run(NOW)
        with CaptureQueriesContext(
            connection,
        ) as watched:
            assert client.get(url("deliveries") + "?state=in_message&alert=x&page=9").status_code == 200
        counts.append(len(watched))
    assert counts[0] == counts[1] <= 8


def test_the_list_of_alerts_leads_here(signed_in: SignedIn) -> None:
    assert url("routes") in html(signed_in("engineer").get("/alerts/"))
    assert url("routes") not in html(signed_in("viewer").get("/alerts/"))
