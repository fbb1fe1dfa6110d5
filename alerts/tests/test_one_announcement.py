"""Workers that raise the alerts of one fault at the same moment: one is announced, the others are silent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from alerts import review
from alerts.models import Alert, AlertEvent
from mlcore.models import Detection
from substations.models import Link

from .alert_scenes import detected, reviewed, station

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WORKERS = 6
SUBSTATIONS = 8
OPEN_FOR_S = 0.5


def fault() -> list[Detection]:
    """One finding of every substation of a feeder."""
    Link.objects.create(target=station("HEAD"))
    found = []
    for number in range(SUBSTATIONS):
        Link.objects.create(source=station("HEAD"), target=station(f"F-{number}"))
        found.append(detected(station(f"F-{number}")))
    return found


def announced() -> list[str]:
    return list(AlertEvent.objects.filter(announces=True).values_list("alert__substation__code", flat=True))


def test_the_second_waits_until_the_first_has_committed_and_is_silent() -> None:
    first, second, *_others = fault()
    is_raised = Event()

    def raise_slowly() -> None:
        try:
            with transaction.atomic():
                reviewed(first)
                is_raised.set()
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(%s)", [OPEN_FOR_S])
        finally:
            connection.close()

    def raise_meanwhile() -> None:
        try:
            assert is_raised.wait(10)
            reviewed(second)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(raise_slowly), pool.submit(raise_meanwhile)]:
            done.result()
    assert announced() == ["F-0"]
    assert Alert.objects.get(substation__code="F-1").suppressed_by == Alert.objects.get(substation__code="F-0")


def test_many_workers_announce_a_fault_once() -> None:
    fault()
    together = Barrier(WORKERS)

    def work(_worker: int) -> None:
        try:
            together.wait()
            review.review_changed()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    review.review_changed()  # what one worker left to another that was busy
    assert announced() == ["F-0"]
    assert Alert.objects.unresolved().count() == SUBSTATIONS
