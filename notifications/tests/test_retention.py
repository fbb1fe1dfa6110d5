"""How long is kept what was said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.models import Alert
from notifications import dispatching, retention
from notifications.outbox_models import Delivery, OutgoingMessage
from notifications.transports import TransportFailed

from .notification_scenes import CRITICAL, NOW, Recorder, channel, cleared_at, raised_at, recording, route, run

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=401)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = recording(monkeypatch)
    route(channel("mail"), tells_updates=False)
    return recorder


def informed(code: str = "SS-01") -> Alert:
    alert = raised_at(NOW, code, site=code, severity=CRITICAL)
    run(NOW)
    return alert


def close(alert: Alert) -> None:
    Alert.objects.filter(pk=alert.pk).update(closed_at=NOW, closure="resolved")


def left() -> tuple[int, int]:
    return OutgoingMessage.objects.count(), Delivery.objects.count()


def test_what_was_sent_long_ago_goes_with_its_deliveries(sent: Recorder) -> None:
    close(informed())
    assert retention.prune(now=NOW + timedelta(days=399)) == 0
    assert left() == (1, 1)
    assert retention.prune(now=LATER) == 1
    assert left() == (0, 0)
    assert retention.prune(now=LATER) == 0


def test_of_an_alert_that_is_open_it_is_kept(sent: Recorder) -> None:
    informed()
    assert retention.prune(now=LATER) == 0
    assert left() == (1, 1)


def test_a_dead_letter_is_kept_until_it_was_dismissed_as_long_ago(sent: Recorder, person: Any) -> None:
    sent.failures = [TransportFailed("no", permanent=True)]
    close(informed())
    assert retention.prune(now=LATER) == 0
    dispatching.dismiss(OutgoingMessage.objects.all(), by=person("engineer"), now=LATER)
    assert retention.prune(now=LATER) == 0
    assert retention.prune(now=LATER + timedelta(days=401)) == 1


def test_what_was_never_said_goes_too(sent: Recorder) -> None:
    alert = raised_at(NOW, cause="overload")
    run(NOW)
    cleared_at(alert, NOW)
    run(NOW)
    close(alert)
    assert Delivery.objects.get().state == "dropped"
    retention.prune(now=LATER)
    assert left() == (0, 0)


def test_it_goes_in_pieces(sent: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("A", "B", "C"):
        close(informed(code))
    monkeypatch.setattr(retention, "PIECE", 2)
    assert [retention.prune(now=LATER) for _round in range(3)] == [2, 1, 0]


def test_nothing_goes_where_the_setting_says_so(sent: Recorder, settings: Any) -> None:
    close(informed())
    settings.NOTIFY_KEEP_DAYS = 0
    assert retention.prune(now=LATER) == 0
