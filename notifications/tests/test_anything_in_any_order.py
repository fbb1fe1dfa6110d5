"""Whatever happens in whatever order: nothing is lost, nothing is said twice, nothing overtakes its alarm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alerts.lifecycle import Refused, Transition
from alerts.models import Alert
from notifications import transports
from notifications.channel_models import NotificationChannel, QuietHours
from notifications.outbox_models import Delivery, OutgoingMessage

from .notification_scenes import (
    CRITICAL,
    HOUR,
    MINUTE,
    NOW,
    WARNING,
    Recorder,
    acknowledged_at,
    changed_at,
    channel,
    cleared_at,
    raised_at,
    returned_at,
    route,
    run,
)

pytestmark = pytest.mark.django_db
# Without shrinking: an example takes a second or two.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
CODES = ("SS-01", "SS-02", "SS-03")
ACTIONS = st.one_of(
    st.tuples(st.just("raise"), st.sampled_from(CODES), st.sampled_from([WARNING, CRITICAL])),
    st.tuples(st.sampled_from(["clear", "return", "acknowledge", "shelve", "unshelve"]), st.sampled_from(CODES)),
    st.tuples(st.just("wait"), st.sampled_from([10, 40, 300, 2000])),
    st.tuples(st.just("receiver"), st.booleans()),
)


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Scene:
    """A person with quiet hours and a capped channel, and a machine, on one route."""

    def __init__(self, recorder: Recorder) -> None:
        self.now, self.recorder = NOW, recorder
        self.user = User.objects.create_user("anna")
        QuietHours.objects.create(user=self.user, start=time(10), end=time(11), time_zone="UTC")
        route(channel("anna", owner=self.user, per_minute=1), channel("machine"))

    def do(self, action: tuple[Any, ...]) -> None:
        name, *values = action
        if name == "wait":
            self.pass_time(timedelta(seconds=values[0]))
        elif name == "receiver":
            self.recorder.is_down = not values[0]
        elif name == "raise":
            if not Alert.objects.unresolved().filter(substation__code=values[0]).exists():
                raised_at(self.now, values[0], severity=values[1], start=self.now, peak=self.now)
        elif alert := Alert.objects.unresolved().filter(substation__code=values[0]).first():
            self.change(name, alert)

    def change(self, name: str, alert: Alert) -> None:
        try:
            if name == "clear":
                cleared_at(alert, self.now)
            elif name == "return" and alert.condition == "cleared":
                returned_at(alert, self.now)
            elif name == "acknowledge":
                acknowledged_at(alert, self.now, self.user)
            elif name in ("shelve", "unshelve"):
                changed_at(alert, Transition(name), self.now)
        except Refused:
            return

    def pass_time(self, length: timedelta, step: timedelta = MINUTE) -> None:
        end = self.now + length
        run(self.now)
        while self.now < end:
            self.now = min(end, self.now + step)
            run(self.now)


@settings(max_examples=8, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(st.lists(ACTIONS, min_size=3, max_size=14))
def test_nothing_is_lost_doubled_or_out_of_order(actions: list[tuple[Any, ...]]) -> None:
    recorder = Recorder()
    with taken_back(), mock.patch.object(transports, "transport_of", return_value=recorder):
        scene = Scene(recorder)
        for action in actions:
            scene.do(action)
        recorder.is_down = False
        scene.pass_time(8 * HOUR, 10 * MINUTE)
        nothing_waits_and_what_was_dropped_says_why()
        every_message_arrived_once(recorder)
        for target in NotificationChannel.objects.all():
            caps_hold(target)
            no_update_overtakes_its_alarm(target)


def nothing_waits_and_what_was_dropped_says_why() -> None:
    assert not Delivery.objects.filter(state__in=Delivery.UNSENT).exists()
    assert not Delivery.objects.filter(state="dropped", note="").exists()
    assert not Delivery.objects.filter(state="in_message", message__isnull=True).exists()


def every_message_arrived_once(recorder: Recorder) -> None:
    arrived = [message.pk for message in recorder.sent]
    assert len(arrived) == len(set(arrived))
    assert set(arrived) == set(OutgoingMessage.objects.values_list("pk", flat=True))


def caps_hold(target: NotificationChannel) -> None:
    made = sorted(target.messages.exclude(kind="digest").values_list("created_at", flat=True))
    if target.per_minute:
        assert all(later - before >= MINUTE for before, later in pairwise(made))


def no_update_overtakes_its_alarm(target: NotificationChannel) -> None:
    for update in target.deliveries.filter(is_alarm=False, state="in_message").select_related("message", "event"):
        alarms = target.deliveries.filter(
            alert=update.alert_id, is_alarm=True, state="in_message", event__seq__lt=update.event.seq
        )
        assert alarms.exists(), "an update of what was never announced"
        assert min(ended(alarm) for alarm in alarms) <= ended(update)


def ended(delivery: Delivery) -> datetime:
    assert delivery.message is not None
    assert delivery.message.ended_at is not None
    return delivery.message.ended_at
