"""What the database itself refuses, and what two workers at once can do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from alerts import handover, review, services, timers
from alerts.changes import Conflict
from alerts.display_names import explain
from alerts.handover_models import ShiftHandover, ShiftNote
from alerts.lifecycle import Refused
from alerts.models import Alert, AlertEvent

from .alert_scenes import CRITICAL, HOUR, START, Cast, actions, cleared, detected, fresh, raised, revised, station

WORKERS = 20


@pytest.mark.django_db
def test_a_second_open_alert_of_a_key_is_refused() -> None:
    alert = raised()
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(**copy_of(alert))
    assert Alert.objects.count() == 1


@pytest.mark.django_db
def test_closed_ones_of_a_key_may_be_many() -> None:
    alert = raised()
    for _ in range(2):
        Alert.objects.create(**copy_of(alert), closed_at=timezone.now(), closure="cleared")
    assert Alert.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("how", [{"closed_at": START}, {"closure": "resolved"}])
def test_a_closed_alert_has_to_say_how(how: dict[str, Any]) -> None:
    alert = raised()
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(**how)


@pytest.mark.django_db
def test_the_number_of_an_event_is_used_once() -> None:
    alert = raised()
    event = AlertEvent.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        AlertEvent.objects.create(
            alert=alert, seq=1, at=event.at, event_time=event.at, source="web", action="comment", severity_after=10
        )


def copy_of(alert: Alert) -> dict[str, Any]:
    names = ("substation_id", "kind", "cause", "severity_now", "severity_peak", "raised_at", "detected_at", "reason")
    return {name: getattr(alert, name) for name in names}


def together(work: Callable[[int], Any]) -> list[Any]:
    """What ``WORKERS`` threads get that start the same work at the same moment; an exception is a result."""
    gate = Barrier(WORKERS)

    def run(number: int) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(timeout=30)
            return work(number)
        except Exception as error:  # handed back to the test
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_workers_raise_one_alert() -> None:
    detected()
    results = together(lambda _number: review.review_changed())
    assert not [each for each in results if isinstance(each, Exception)]
    alert = Alert.objects.get()
    assert actions(alert) == ["raise"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_workers_with_detections_of_one_key_raise_one_alert_and_lose_none() -> None:
    for number in range(WORKERS):
        detected(station(), start=START + number * HOUR, severity=CRITICAL if number % 2 else 10)
    found = review.unreviewed()
    together(lambda number: review.review(found[number], now=timezone.now()))
    review.review_changed()
    alert = Alert.objects.get()
    assert (alert.occurrences, alert.loss_kwh) == (WORKERS, 12.5 * WORKERS)
    numbers = list(alert.events.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_who_acknowledge_one_is_first(person: Cast) -> None:
    user, alert = person("operator"), raised()
    results = together(lambda _number: services.acknowledge(fresh(alert), by=user))
    refusals = [each for each in results if isinstance(each, (Refused, Conflict))]
    assert len(refusals) == WORKERS - 1
    assert actions(alert) == ["raise", "acknowledge"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_who_raise_and_acknowledge_one_key_one_wins_and_the_rest_are_told(person: Cast) -> None:
    user = person("operator")
    detected()

    def work(_number: int) -> Any:
        review.review_changed()
        return services.acknowledge(Alert.objects.get(), by=user)

    results = together(work)
    lost = [each for each in results if isinstance(each, (Refused, Conflict))]
    assert (len(lost), len(results)) == (WORKERS - 1, WORKERS)
    assert all(explain(each) for each in lost)
    alert = Alert.objects.get()
    assert (actions(alert), alert.acknowledged_by) == (["raise", "acknowledge"], user)
    assert AlertEvent.objects.filter(announces=True).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_who_follow_the_clock_move_each_alert_once(person: Cast) -> None:
    user, late = person("operator"), timezone.now() + 8 * 24 * HOUR
    acknowledged, gone = services.acknowledge(raised("A"), by=user), cleared(raised("B"))
    results = together(lambda _number: timers.follow(now=late))
    assert not [each for each in results if isinstance(each, Exception)]
    assert actions(acknowledged) == ["raise", "acknowledge", "re_alarm"]
    assert actions(gone) == ["raise", "clear", "expire"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_many_who_hand_over_and_take_over_one_is_first(person: Cast) -> None:
    user = person("operator")
    given = together(lambda number: handover.hand_over(by=user, text=str(number), now=timezone.now()))
    [waits] = [each for each in given if isinstance(each, ShiftHandover)]
    taken = together(lambda _number: handover.take_over(waits, by=user, now=timezone.now()))
    assert [len([each for each in found if isinstance(each, Conflict)]) for found in (given, taken)] == [
        WORKERS - 1, WORKERS - 1,
    ]  # fmt: skip
    assert ShiftNote.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_reviewing_while_people_comment_loses_neither(person: Cast) -> None:
    user, alert = person("operator"), raised()

    def work(number: int) -> Any:
        if number % 2:
            return services.comment(fresh(alert), by=user, text=str(number))
        return review.review_changed()

    revised(alert.detection, severity=CRITICAL)
    results = together(work)
    review.review_changed()
    written = sum(isinstance(each, Alert) for each in results)
    assert actions(alert).count("comment") == written
    assert actions(alert).count("escalate") == 1
    assert fresh(alert).severity_now == CRITICAL
