"""The heartbeat: well only while evaluation, sweep and outbox are fresh; the site's own monitor is called only then."""

from __future__ import annotations

from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts.tests.alert_scenes import detected
from notifications import heartbeat, tasks
from notifications.channel_models import Pulse
from smart_ems import pipeline

from .notification_scenes import CRITICAL, channel, raised_at, recording, route

pytestmark = pytest.mark.django_db


def late(client: Client) -> list[str]:
    answer = client.get("/heartbeat/")
    names = [part["name"] for part in answer.json()["late"]]
    assert answer.status_code == (503 if names else 200)
    return names


def test_before_anything_ran_everything_is_late(client: Client) -> None:
    assert late(client) == ["sweep", "review", "outbox"]


def test_after_a_sweep_everything_is_fresh_and_anybody_may_ask(client: Client) -> None:
    pipeline.sweep()
    assert late(client) == []
    assert client.post("/heartbeat/").status_code == 405


def test_a_sweep_that_stopped_is_late(client: Client) -> None:
    pipeline.sweep()
    Pulse.objects.filter(name="sweep").update(at=timezone.now() - timedelta(minutes=3))
    assert late(client) == ["sweep"]


def test_a_review_that_does_not_come_on_is_late_although_the_sweep_runs(client: Client) -> None:
    pipeline.sweep()
    Pulse.objects.update(at=timezone.now() - timedelta(minutes=6))
    detected()
    pipeline.sweep()
    assert late(client) == ["review"]


def test_an_outbox_that_does_not_come_on_is_late_and_fresh_again_after_a_round(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording(monkeypatch)
    pipeline.sweep()
    route(channel())
    raised_at(timezone.now(), severity=CRITICAL)
    Pulse.objects.update(at=timezone.now() - timedelta(minutes=6))
    pipeline.sweep()
    assert late(client) == ["outbox"]
    assert tasks.run_round() == 1
    assert late(client) == []


def test_the_sweep_starts_a_round_where_there_is_work(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(pipeline, "_dispatch", lambda *chain: sent.extend(name for name, _values in chain))
    raised_at(timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.sweep()
    assert sent == [pipeline.NOTIFY]
    tasks.run_round()
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.sweep()
    assert sent == [pipeline.NOTIFY]


def test_the_monitor_is_called_only_while_everything_is_fresh(settings: Any) -> None:
    calls: list[str] = []

    class PingHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), PingHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/ping"
    assert not heartbeat.ping_monitor(now=timezone.now())
    pipeline.sweep()
    assert heartbeat.ping_monitor(now=timezone.now())
    assert calls == ["/ping"]
    server.shutdown()
    server.server_close()
    assert not heartbeat.ping_monitor(now=timezone.now())


def test_without_an_address_nobody_is_called(settings: Any) -> None:
    settings.HEARTBEAT_URL = ""
    pipeline.sweep()
    assert not heartbeat.ping_monitor(now=timezone.now())
