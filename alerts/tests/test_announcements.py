"""Which events are announcements: what is heard, sent and counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts import lifecycle, planned, services, shelf
from alerts.lifecycle import Condition, LifecycleState, Suppression, Transition
from alerts.models import Alert, AlertEvent
from substations.models import PlannedWork

from .alert_scenes import CRITICAL, HOUR, START, Cast, cleared, fresh, raised, resolved, reviewed, revised, station

pytestmark = pytest.mark.django_db


def announced(alert: Alert) -> list[str]:
    """The actions of an alert that were announced."""
    events = AlertEvent.objects.filter(alert=alert, announces=True).order_by("seq")
    return list(events.values_list("action", flat=True))


def work_now() -> PlannedWork:
    now = timezone.now()
    return PlannedWork.objects.create(substation=station(), start=now - HOUR, end=now + HOUR, reason="Oil change")


def test_a_raise_a_rise_and_a_return_are_announced_and_the_rest_is_not(person: Cast) -> None:
    alert = raised()
    reviewed(revised(alert.detection, severity=CRITICAL))
    services.acknowledge(fresh(alert), by=person("operator"))
    cleared(fresh(alert))
    raised(severity=CRITICAL, start=START + 5 * HOUR)
    assert announced(alert) == ["raise", "escalate", "return"]


def test_handing_an_alert_back_is_not_announced(person: Cast) -> None:
    alert = services.acknowledge(raised(), by=person("operator"))
    services.unacknowledge(alert, by=person("engineer"), note="not mine")
    assert announced(alert) == ["raise"]


def test_nothing_is_announced_while_it_is_shelved_and_what_is_still_there_is_announced_afterwards(person: Cast) -> None:
    alert = shelf.shelve(raised(), by=person("operator"), minutes=60, note="later")
    reviewed(revised(alert.detection, severity=CRITICAL))
    assert announced(alert) == ["raise"]
    shelf.end_due(now=timezone.now() + 2 * HOUR)
    assert announced(alert) == ["raise", "unshelve"]


def test_an_alert_raised_during_planned_work_is_announced_when_the_work_ends() -> None:
    work = work_now()
    alert = raised()
    assert (fresh(alert).suppression, announced(alert)) == (Suppression.OUT_OF_SERVICE, [])
    planned.follow(now=work.end)
    assert announced(alert) == ["resume"]


def test_one_that_is_opened_again_during_planned_work_is_not_announced(person: Cast) -> None:
    alert = resolved(raised(), person("engineer"))
    work_now()
    reviewed(revised(alert.detection, end=START + HOUR))
    reviewed(revised(alert.detection, end=None))
    assert (fresh(alert).state, announced(alert)) == ("out_of_service", ["raise"])


def test_one_that_is_opened_again_is_announced(person: Cast) -> None:
    alert = cleared(services.acknowledge(raised(), by=person("operator")))
    reviewed(revised(alert.detection, end=None))
    assert announced(alert) == ["raise", "reopen"]


def test_what_is_found_afterwards_is_not_announced() -> None:
    raised(start=START + 10 * HOUR)
    earlier = raised(start=START, end=START + HOUR)
    assert (earlier.closure, announced(earlier)) == (Alert.Closure.RETROSPECTIVE, [])


def test_announcements_are_counted_by_the_clock_of_the_server() -> None:
    alert = raised()
    at = AlertEvent.objects.get(alert=alert).at
    ask = AlertEvent.objects.announcements
    assert ask(at - timedelta(minutes=10), at).count() == 1
    assert ask(at, at + timedelta(minutes=10)).count() == 0


@pytest.mark.parametrize("transition", Transition)
def test_nothing_but_an_active_unacknowledged_unsuppressed_alert_is_ever_announced(transition: Transition) -> None:
    silent = [
        LifecycleState(acknowledged=True),
        LifecycleState(Condition.CLEARED),
        LifecycleState(closed=True),
        *(LifecycleState(suppression=each) for each in Suppression if each is not Suppression.NONE),
    ]
    assert not any(lifecycle.announces(transition, state) for state in silent)
