"""A message is sent by one worker, and once more under the same id where that one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from notifications import dispatching, outbox, routing
from notifications.outbox_models import Delivery, OutgoingMessage

from .loopback_receivers import hook_server
from .notification_scenes import (
    CRITICAL,
    MINUTE,
    NOW,
    channel,
    raised_at,
    recording,
    route,
    webhook,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


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
