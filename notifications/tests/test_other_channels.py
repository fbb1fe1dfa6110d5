"""Mail to a real server, files, and services of others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifications import channel_services
from notifications.outbox_models import OutgoingMessage
from notifications.transports import TransportFailed
from notifications.transports.message_lines import path_of
from notifications.transports.push_services import target_of

from .loopback_receivers import hook_server, mail_server
from .notification_scenes import (
    CRITICAL,
    MINUTE,
    NOW,
    channel,
    cleared_at,
    raised_at,
    route,
    run,
    run_until,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


def test_mails_about_one_alert_are_one_thread_and_addresses_stand_in_bcc(settings: Any) -> None:
    with mail_server(settings) as mailbox:
        route(channel("mail", kind="email", destination="anna@example.org, ben@example.org"))
        alert = raised_at(NOW, severity=CRITICAL)
        run(NOW)
        cleared_at(alert, NOW + 10 * MINUTE)
        run(NOW + 10 * MINUTE)
        first, second = mailbox.mails
        assert first["Subject"] == "Critical: SS-01 Capacitor bank failure"
        assert second["Subject"] == f"Re: {first['Subject']}"
        assert first["References"] == second["References"]
        assert first["Message-ID"] != second["Message-ID"]
        assert mailbox.recipients[0] == ["anna@example.org", "ben@example.org"]
        assert "anna" not in first.as_string()


def test_a_mail_that_is_refused_for_now_is_tried_again_under_its_id(settings: Any) -> None:
    with mail_server(settings) as mailbox:
        mailbox.refusals = ["451 later"]
        route(channel("mail", kind="email", destination="anna@example.org"))
        raised_at(NOW, severity=CRITICAL)
        run_until(NOW, NOW + 5 * MINUTE)
        assert mailbox.mails[0]["Message-ID"] == f"<{OutgoingMessage.objects.get().id.hex}@localhost>"
        assert OutgoingMessage.objects.get().attempts == 2


def test_a_mail_that_is_refused_for_good_is_a_dead_letter(settings: Any) -> None:
    with mail_server(settings) as mailbox:
        mailbox.refusals = ["550 no such person"]
        result = channel_services.send_test(channel("mail", kind="email", destination="anna@example.org"))
        assert result.state == "dead"
        assert "no such person" in result.note


def test_without_a_mail_server_the_result_says_which_setting(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    result = channel_services.send_test(channel("mail", kind="email", destination="anna@example.org"))
    assert result.note == "There is no mail server: set EMS_EMAIL_URL."


def test_a_file_gets_one_json_line_for_each_message() -> None:
    target = channel("log", destination="shift-log")
    route(target)
    raised_at(NOW, "SS-01", severity=CRITICAL)
    run(NOW)
    channel_services.send_test(target)
    lines = [json.loads(line) for line in path_of(target).read_text().splitlines()]
    assert [line["type"] for line in lines] == ["alerts.alarm", "alerts.test"]
    assert lines[0]["id"] == OutgoingMessage.objects.get(kind="alarm").webhook_id


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "not allowed"),
        ("json://localhost/", "not allowed"),
        ("syslog://", "not allowed"),
        ("http://example.org", "not allowed"),
        ("", "not allowed"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd", "template"),
        ("pagerduty://", "not whole"),
    ],
)
def test_other_services_are_refused_by_name(url: str, why: str) -> None:
    with pytest.raises(TransportFailed, match=why):
        target_of(url)


def test_a_service_of_ones_own_gets_a_message_and_is_tried_once() -> None:
    with hook_server() as server:
        made = channel("push", kind="push")
        host = server.url.split("//")[1].split("/")[0]
        channel_services.set_target(made, f"ntfy://{host}/alarms?retry=5&redirect=yes")
        made.save()
        server.answers = [(500, {})]
        assert channel_services.send_test(made).state == "dead"
        assert len(server.requests) == 1
        server.answers = [(200, {})]
        assert channel_services.send_test(made).state == "sent"
        assert made.destination == "ntfy://•••"
