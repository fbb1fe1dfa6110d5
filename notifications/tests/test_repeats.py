"""A route without a policy that repeats critical alarms until somebody acknowledges."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from notifications.on_call_models import EscalationPolicy
from notifications.outbox_models import Delivery
from notifications.route_models import Escalation, NotificationRoute

from .notification_scenes import (
    CRITICAL,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    WARNING,
    Recorder,
    acknowledged_at,
    channel,
    cleared_at,
    minutes_of,
    raised_at,
    recording,
    route,
    run,
    run_until,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return recording(monkeypatch)


def alarms(sent: Recorder) -> list[float]:
    return minutes_of([message for message in sent.sent if message.kind == "alarm"])


def test_it_is_said_again_every_so_many_minutes_until_somebody_acknowledges(sent: Recorder, person: Any) -> None:
    route(channel(), reminder_minutes=15)
    alert = raised_at(NOW, severity=CRITICAL)
    run_until(NOW, NOW + 40 * MINUTE, MINUTE)
    assert alarms(sent) == [0, 15, 30]
    assert "Still not acknowledged" in sent.sent[1].text
    acknowledged_at(alert, NOW + 41 * MINUTE, person("operator"))
    run_until(NOW + 41 * MINUTE, NOW + 2 * HOUR, MINUTE)
    assert alarms(sent) == [0, 15, 30]
    assert Escalation.objects.get().state == "stopped"


@pytest.mark.parametrize(("severity", "minutes"), [(WARNING, 15), (CRITICAL, 0)])
def test_warnings_are_not_repeated_and_nothing_is_by_default(sent: Recorder, severity: int, minutes: int) -> None:
    route(channel(), reminder_minutes=minutes)
    raised_at(NOW, severity=severity)
    run_until(NOW, NOW + HOUR, MINUTE)
    assert len(alarms(sent)) == 1
    assert NotificationRoute._meta.get_field("reminder_minutes").default == 0


def test_a_policy_takes_its_place(sent: Recorder) -> None:
    policy = EscalationPolicy.objects.create(name="p")
    route(channel(), reminder_minutes=15, policy=policy)
    raised_at(NOW, severity=CRITICAL)
    run_until(NOW, NOW + HOUR, MINUTE)
    assert alarms(sent) == [0]


def test_it_ends_when_the_alert_clears(sent: Recorder) -> None:
    route(channel(), reminder_minutes=15)
    alert = raised_at(NOW, severity=CRITICAL)
    run(NOW)
    cleared_at(alert, NOW + MINUTE)
    run_until(NOW + MINUTE, NOW + HOUR, MINUTE)
    assert alarms(sent) == [0]


@pytest.mark.parametrize("changes", [{"is_enabled": False}, {"reminder_minutes": 0}])
def test_it_ends_with_its_route(sent: Recorder, changes: dict[str, Any]) -> None:
    route(channel(), reminder_minutes=15)
    raised_at(NOW, severity=CRITICAL)
    run(NOW)
    NotificationRoute.objects.update(**changes)
    run_until(NOW, NOW + HOUR, MINUTE)
    assert alarms(sent) == [0]
    assert Escalation.objects.get().state == "stopped"


def test_it_ends_after_a_day(sent: Recorder) -> None:
    route(channel(), reminder_minutes=240)
    raised_at(NOW, severity=CRITICAL)
    run_until(NOW, NOW + 48 * HOUR, 10 * MINUTE)
    assert alarms(sent) == [240 * number for number in range(7)]


def test_two_routes_repeat_each_for_themselves_and_one_alert_is_repeated_once(sent: Recorder) -> None:
    route(channel("a"), name="a", reminder_minutes=15)
    route(channel("b"), name="b", reminder_minutes=20)
    raised_at(NOW, severity=CRITICAL)
    for _twice in range(2):
        run_until(NOW, NOW + 21 * MINUTE, MINUTE)
    assert Escalation.objects.count() == 2
    assert Delivery.objects.filter(reason="reminder").count() == 2
    assert Delivery.objects.order_by("pk").first().wait_until == NOW + 0 * SECOND  # type: ignore[union-attr]


def test_more_than_a_day_is_refused() -> None:
    with pytest.raises(ValidationError, match="1440"):
        NotificationRoute(name="x", reminder_minutes=1441).full_clean()
