"""What fails is tried again: under one id, as late as was asked for, and not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import channel_services, dispatching, retry_schedule, transports
from notifications.outbox_models import OutgoingMessage
from notifications.transports.posting import waits

from .loopback_receivers import hook_server
from .notification_scenes import (
    CRITICAL,
    HOUR,
    MINUTE,
    NOW,
    Recorder,
    channel,
    raised_at,
    route,
    run,
    run_until,
    webhook,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


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
