"""Signed webhooks to a real receiver: signatures, redirects, what is gone, and secrets that nothing shows."""

from __future__ import annotations

import json
import logging
import socket
import time
from threading import Thread
from typing import Any

import pytest

from notifications import channel_services
from notifications.outbox_models import OutgoingMessage
from notifications.secret_box import SecretsUnreadable, seal, unseal
from notifications.transports import posting

from .loopback_receivers import hook_server
from .notification_scenes import (
    CRITICAL,
    NOW,
    raised_at,
    route,
    run,
    webhook,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


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


def test_no_redirect_is_followed() -> None:
    with hook_server() as server:
        target, _secret = webhook(server.url)
        server.answers = [(302, {"Location": server.url})]
        result = channel_services.send_test(target)
        assert (result.state, result.note) == ("dead", "The receiver answered 302.")
        assert len(server.requests) == 1


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
