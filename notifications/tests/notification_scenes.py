"""Channels, routes and a recording transport, as the tests of notifications meet them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from alerts import changes, review
from alerts.lifecycle import Transition
from alerts.models import Alert
from alerts.tests.alert_scenes import CRITICAL, WARNING, detected, revised, station
from notifications import channel_services, dispatching, escalations, failing_channels, outbox, routing, transports
from notifications.channel_models import NotificationChannel
from notifications.outbox_models import OutgoingMessage
from notifications.route_models import NotificationRoute
from notifications.transports import TransportFailed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
__all__ = ["CRITICAL", "HOUR", "MINUTE", "NOW", "SECOND", "WARNING", "detected", "revised", "station"]


class Recorder:
    """A transport that keeps what it was given; ``failures`` says what the next attempts end in."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []
        self.attempts: list[OutgoingMessage] = []
        self.failures: list[TransportFailed] = []
        self.is_down = False

    def __call__(self, message: OutgoingMessage) -> None:
        self.attempts.append(message)
        if self.is_down:
            raise TransportFailed("down")
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.sent]


def recording(monkeypatch: Any) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(transports, "transport_of", lambda kind: recorder)
    return recorder


def channel(name: str = "file", **values: Any) -> NotificationChannel:
    fields: dict[str, Any] = {"kind": "file", "destination": name, "per_minute": 0, "language": "en"}
    return NotificationChannel.objects.create(name=name, **fields | values)


def webhook(url: str) -> tuple[NotificationChannel, str]:
    """A channel to a receiver, and the secret that it signs with."""
    made = channel("hook", kind="webhook")
    secret = channel_services.set_target(made, url)
    made.save()
    return made, secret


def route(*channels: NotificationChannel, name: str = "all", **values: Any) -> NotificationRoute:
    made = NotificationRoute.objects.create(name=name, **values)
    made.channels.set(channels)
    return made


def raised_at(at: datetime, code: str = "SS-01", *, site: str = "", **values: Any) -> Alert:
    """An alert that is raised at a moment of the server's clock."""
    substation = station(code)
    if site and substation.site != site:
        substation.site = site
        substation.save()
    return review.review(detected(substation, **values), now=at)


def cleared_at(alert: Alert, at: datetime) -> Alert:
    for episode in alert.episodes.select_related("detection"):
        if episode.detection.end is None:
            review.review(revised(episode.detection, end=episode.detection.start + HOUR), now=at)
    return Alert.objects.get(pk=alert.pk)


def returned_at(alert: Alert, at: datetime) -> Alert:
    """The same cause is back: another detection of it."""
    review.review(detected(alert.substation, start=alert.raised_at + 2 * HOUR), now=at)
    return Alert.objects.get(pk=alert.pk)


def acknowledged_at(alert: Alert, at: datetime, by: User) -> Alert:
    alert = Alert.objects.get(pk=alert.pk)
    fields: dict[str, Any] = {"acknowledged_by": by, "acknowledged_at": at}
    return changes.apply(alert, Transition.ACKNOWLEDGE, now=at, by=by, **fields)


def changed_at(alert: Alert, transition: Transition, at: datetime, **fields: Any) -> Alert:
    return changes.apply(Alert.objects.get(pk=alert.pk), transition, now=at, **fields)


def run(now: datetime) -> int:
    """One round at a moment; how many messages were sent."""
    routing.route_new(now=now)
    escalations.take_due_steps(now=now)
    outbox.assemble_due(now=now)
    sent = dispatching.send_due(now=now)
    failing_channels.follow(now=now)
    return sent


def run_until(start: datetime, end: datetime, step: timedelta = timedelta(seconds=10)) -> None:
    """A round every ten seconds, as the sweep does."""
    at = start
    while at <= end:
        run(at)
        at += step


def minutes_of(messages: Iterable[OutgoingMessage], since: datetime = NOW) -> list[float]:
    return [(message.created_at - since).total_seconds() / 60 for message in messages]


def today() -> datetime:
    return timezone.now()
