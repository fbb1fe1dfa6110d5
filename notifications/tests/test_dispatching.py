"""Real receivers: signatures, threads, retries, Retry-After, what is gone, what is refused, and a sender that is
killed."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from notifications import channel_services, dispatching, outbox, retry_schedule, routing, transports
from notifications.network_addresses import AddressRefused, checked_address, is_public
from notifications.outbox_models import Delivery, OutgoingMessage
from notifications.secret_box import SecretsUnreadable, seal, unseal
from notifications.transports import TransportFailed, posting
from notifications.transports.message_lines import path_of
from notifications.transports.posting import waits
from notifications.transports.push_services import target_of

from .loopback_receivers import hook_server, mail_server
from .notification_scenes import (
    CRITICAL,
    HOUR,
    MINUTE,
    NOW,
    Recorder,
    channel,
    cleared_at,
    raised_at,
    recording,
    route,
    run,
    run_until,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback(settings: Any, tmp_path: Path) -> None:
    settings.NOTIFY_ALLOW_PRIVATE = True
    settings.NOTIFY_FILES = tmp_path


def webhook(url: str, **values: Any) -> tuple[Any, str]:
    made = channel("hook", kind="webhook", **values)
    secret = channel_services.set_target(made, url)
    made.save()
    return made, secret


def test_a_webhook_is_signed_as_the_standard_verifies_it() -> None:
    with hook_server() as server:
        target, secret = webhook(server.url)
        route(target)
        raised_at(NOW, severity=CRITICAL)
        run(NOW)
        [body] = server.verified(secret)
        assert body["type"] == "alerts.alarm"
        assert body["data"]["alerts"][0]["substation"] == "SS-01"
        assert server.ids() == [OutgoingMessage.objects.get().webhook_id]


def test_while_secrets_change_both_verify_and_afterwards_the_new_one_alone() -> None:
    with hook_server() as server:
        target, old = webhook(server.url)
        new = channel_services.rotate_secret(target)
        assert channel_services.send_test(target).state == "sent"
        assert server.verified(old)
        assert server.verified(new)
        target.refresh_from_db()
        assert channel_services.retire_secret(target)
        server.requests.clear()
        assert channel_services.send_test(target).state == "sent"
        assert server.verified(new)
        with pytest.raises(Exception, match="No matching signature"):
            server.verified(old)


def test_a_receiver_that_fails_for_an_hour_gets_everything_once_under_one_id() -> None:
    with hook_server() as server:
        target, secret = webhook(server.url)
        route(target)
        server.answers = [(503, {})] * 1000
        raised_at(NOW, "SS-01", severity=CRITICAL)
        run_until(NOW, NOW + 20 * MINUTE, MINUTE)
        raised_at(NOW + 20 * MINUTE, "SS-02", site="Mill", severity=CRITICAL)
        run_until(NOW + 20 * MINUTE, NOW + HOUR, MINUTE)
        assert len(set(server.ids())) == 2
        server.answers, before = [], len(server.requests)
        run_until(NOW + HOUR, NOW + 10 * HOUR, MINUTE)
        arrived = server.requests[before:]
        assert len(arrived) == 2
        assert {headers["webhook-id"] for headers, _body in arrived} == set(server.ids())
        assert len(server.verified(secret)) == len(server.requests)
        assert OutgoingMessage.objects.filter(state="sent").count() == 2


def test_a_receiver_that_sends_a_byte_now_and_then_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answers = Thread(target=_drip, args=[listening], daemon=True)
        answers.start()
        target, _secret = webhook(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        began = time.monotonic()
        assert channel_services.send_test(target).state == "dead"
        assert time.monotonic() - began < 3


def _drip(listening: socket.socket) -> None:
    connection, _address = listening.accept()
    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100:
        try:
            connection.sendall(bytes([letter]))
        except OSError:
            return
        time.sleep(0.1)


def test_a_channel_that_another_worker_sends_to_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = recording(monkeypatch)
    route(channel("slow"), channel("quick"))
    raised_at(NOW, severity=CRITICAL)
    routing.route_new(now=NOW)
    outbox.assemble_due(now=NOW)
    OutgoingMessage.objects.filter(channel__name="slow").claim(now=NOW, lease_for=MINUTE)
    raised_at(NOW, "SS-02", site="Mill", severity=CRITICAL)
    routing.route_new(now=NOW)
    outbox.assemble_due(now=NOW)
    assert dispatching.send_due(now=NOW) == 2
    assert {message.channel.name for message in sent.sent} == {"quick"}
    assert dispatching.send_due(now=NOW + 2 * MINUTE) == 2


def test_no_redirect_is_followed() -> None:
    with hook_server() as server:
        target, _secret = webhook(server.url)
        server.answers = [(302, {"Location": server.url})]
        result = channel_services.send_test(target)
        assert (result.state, result.note) == ("dead", "The receiver answered 302.")
        assert len(server.requests) == 1


def test_what_is_refused_for_good_is_a_dead_letter_at_once_and_can_be_sent_again() -> None:
    with hook_server() as server:
        target, _secret = webhook(server.url)
        route(target)
        server.answers = [(400, {})]
        raised_at(NOW, severity=CRITICAL)
        run(NOW)
        dead = OutgoingMessage.objects.dead().get()
        assert (dead.attempts, dead.note) == (1, "The receiver answered 400.")
        assert dispatching.send_again(dead, now=NOW + MINUTE)
        assert not dispatching.send_again(dead, now=NOW + MINUTE)
        run(NOW + MINUTE)
        assert len(set(server.ids())) == 1
        assert not OutgoingMessage.objects.dead().exists()


def test_a_receiver_that_is_gone_takes_its_channel_out_of_use() -> None:
    with hook_server() as server:
        target, _secret = webhook(server.url)
        route(target)
        server.answers = [(410, {})]
        raised_at(NOW, severity=CRITICAL)
        run(NOW)
        target.refresh_from_db()
        assert not target.is_enabled
        assert "gone" in target.disabled_reason


def test_retry_after_is_kept() -> None:
    with hook_server() as server:
        target, _secret = webhook(server.url)
        route(target)
        server.answers = [(429, {"Retry-After": "600"})]
        raised_at(NOW, severity=CRITICAL)
        run(NOW)
        assert OutgoingMessage.objects.get().next_at == NOW + timedelta(seconds=600)


def test_a_schedule_that_is_exhausted_is_a_dead_letter_and_other_channels_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing, watching = Recorder(), Recorder()
    failing.is_down = True
    monkeypatch.setattr(transports, "transport_of", lambda kind: failing if kind == "webhook" else watching)
    target, _secret = webhook("https://example.org/")
    channel("fallback", tells_failures=True)
    route(target)
    raised_at(NOW, severity=CRITICAL)
    run_until(NOW, NOW + 12 * HOUR, 5 * MINUTE)
    assert len(failing.attempts) == 1 + len(retry_schedule.DELAYS)
    assert OutgoingMessage.objects.dead().count() == 1
    assert watching.subjects == ["Messages to “hook” fail"]
    assert "SS-01" in watching.sent[0].text


def test_a_test_is_tried_once_whatever_it_meets() -> None:
    with hook_server() as server:
        target, _secret = webhook(server.url)
        server.answers = [(503, {})]
        result = channel_services.send_test(target)
        assert (result.state, result.attempts) == ("dead", 1)
        run_until(NOW, NOW + HOUR, 10 * MINUTE)
        assert len(server.requests) == 1


@given(st.integers(-1, 20), st.floats(0, 1), st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=9))))
def test_waits_grow_are_jittered_by_a_tenth_and_end(attempts: int, chance: float, asked: timedelta | None) -> None:
    at = retry_schedule.next_attempt(attempts, NOW, chance=chance, retry_after=asked)
    if not 1 <= attempts <= 6:
        assert at is None
        return
    assert at is not None
    planned = retry_schedule.DELAYS[attempts - 1]
    assert at - NOW >= planned * 0.899
    assert at - NOW <= max(planned * 1.101, retry_schedule.MAX_RETRY_AFTER)
    if asked is not None:
        assert at - NOW >= min(asked, retry_schedule.MAX_RETRY_AFTER)


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(text: str) -> None:
    assert waits(text) is None or waits(text) >= timedelta()  # type: ignore[operator]  # not None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "192.0.0.1", "100.64.0.1", "224.0.0.1",
     "::1", "fe80::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_in_every_form(address: str, settings: Any) -> None:
    settings.NOTIFY_ALLOW_PRIVATE = False
    assert not is_public(address)
    with pytest.raises(AddressRefused, match="private network"):
        checked_address(address, 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_allowed(address: str, settings: Any) -> None:
    settings.NOTIFY_ALLOW_PRIVATE = False
    assert checked_address(address, 443) == address


def test_a_webhook_to_a_private_address_sends_nothing(settings: Any) -> None:
    with hook_server() as server:
        settings.NOTIFY_ALLOW_PRIVATE = False
        target, _secret = webhook(server.url.replace("127.0.0.1", "localhost"))
        result = channel_services.send_test(target)
        assert result.state == "dead"
        assert "private network" in result.note
        assert server.requests == []


def test_no_secret_stands_in_a_log_a_note_or_the_database(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    target, secret = webhook("http://127.0.0.1:1/path?token=very-secret")
    route(target)
    raised_at(NOW, severity=CRITICAL)
    run(NOW)
    target.refresh_from_db()
    stored = json.dumps([*OutgoingMessage.objects.values(), vars(target)], default=str)
    for hidden in ("very-secret", secret, "/path"):
        assert hidden not in caplog.text
        assert hidden not in stored
        assert hidden not in repr(target) + str(target) + target.masked


def test_secrets_of_another_installation_are_asked_for_again(settings: Any) -> None:
    target, _secret = webhook("https://example.org/")
    settings.SECRET_KEY = "another"
    with pytest.raises(SecretsUnreadable, match="enter them again"):
        target.secrets  # noqa: B018 (reading is what fails)
    assert channel_services.send_test(target).note.endswith("enter them again.")
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(seal({"a": 1})) == {"a": 1}


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


def test_a_service_at_a_private_address_is_refused(settings: Any) -> None:
    settings.NOTIFY_ALLOW_PRIVATE = False
    made = channel("push", kind="push")
    channel_services.set_target(made, "gotify://localhost/AbCdEf123456789")
    made.save()
    assert "private network" in channel_services.send_test(made).note


def test_two_workers_send_a_message_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = recording(monkeypatch)
    route(channel())
    raised_at(NOW, severity=CRITICAL)
    routing.route_new(now=NOW)
    outbox.assemble_due(now=NOW)
    first, second = OutgoingMessage.objects.get(), OutgoingMessage.objects.get()
    assert dispatching.attempt(first, now=NOW)
    assert not dispatching.attempt(second, now=NOW)
    assert len(sent.attempts) == 1


KILLED = """
import os, sys, django
django.setup()
from django.db import connection
from django.conf import settings
settings.NOTIFY_ALLOW_PRIVATE = True
from notifications import dispatching, transports
from notifications.transports import webhook
def post_and_hang(message):
    webhook.post(message)
    print("posted", flush=True)
    import time
    time.sleep(60)
transports.transport_of = lambda kind: post_and_hang
from django.utils import timezone
dispatching.send_due(now=timezone.now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_is_killed_between_sending_and_marking_sends_again_under_the_same_id(
    settings: Any, tmp_path: Path, transactional_db: None
) -> None:
    """A real process is killed with SIGKILL; the lease that it held runs out."""
    with hook_server() as server:
        target, _secret = webhook(server.url)
        route(target)
        raised_at(NOW, severity=CRITICAL)
        routing.route_new(now=NOW)
        outbox.assemble_due(now=NOW)
        name = connection.settings_dict["NAME"]
        if connection.vendor == "sqlite":
            if "memory" in str(name):
                backup = tmp_path / "copy.sqlite3"
                with connection.cursor() as cursor:
                    cursor.execute("VACUUM INTO %s", [str(backup)])
                name = backup
            url = f"sqlite:///{name}"
        else:
            s = connection.settings_dict
            url = f"postgres://{s['USER']}:{s['PASSWORD']}@{s['HOST']}:{s['PORT']}/{name}"
        env = os.environ | {"DJANGO_SETTINGS_MODULE": "smart_ems.settings", "DATABASE_URL": url}
        env["EMS_SECRET_KEY"] = settings.SECRET_KEY
        sender = subprocess.Popen(
            [sys.executable, "-c", KILLED], cwd=settings.BASE_DIR, env=env, stdout=subprocess.PIPE, text=True
        )
        assert sender.stdout is not None
        assert sender.stdout.readline() == "posted\n"
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        if str(name).endswith("copy.sqlite3"):
            _take_over(Path(name))
        message = OutgoingMessage.objects.get()
        assert (message.state, message.attempts) == ("queued", 1)
        later = message.claimed_until
        assert later is not None
        assert dispatching.send_due(now=later - timedelta(seconds=1)) == 0, "the lease of the dead one still runs"
        assert dispatching.send_due(now=later + timedelta(seconds=1)) == 1
        assert Delivery.objects.count() == OutgoingMessage.objects.count() == 1
        assert len(server.requests) == 2
        assert len(set(server.ids())) == 1


def _take_over(path: Path) -> None:
    """What the killed process left in its copy of the database in memory."""
    import sqlite3

    with sqlite3.connect(path) as copy:
        row = copy.execute("SELECT attempts, claimed_by, claimed_until FROM notifications_outgoingmessage").fetchone()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_outgoingmessage SET attempts = %s, claimed_by = %s, claimed_until = %s", row
        )
