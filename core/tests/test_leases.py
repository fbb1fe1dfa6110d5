"""A lease: one worker at a time, renewed and given back by its token alone. What waits to be scored stands for all."""

from __future__ import annotations

import uuid
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from core.leases import LEASE_FOR, kept
from substations.models import PendingRange, Substation


@pytest.fixture
def work(db: None) -> PendingRange:
    now = timezone.now()
    return PendingRange.objects.create(substation=Substation.objects.create(code="SS-01"), start=now, end=now)


def claimed() -> uuid.UUID:
    token = PendingRange.objects.claim(now=timezone.now(), lease_for=LEASE_FOR)
    assert token is not None
    return token


def test_the_second_worker_gets_nothing(work: PendingRange) -> None:
    claimed()
    assert PendingRange.objects.claim(now=timezone.now(), lease_for=LEASE_FOR) is None


def test_what_is_given_back_can_be_taken_again(work: PendingRange) -> None:
    assert PendingRange.objects.release(claimed())
    assert PendingRange.objects.unclaimed(timezone.now()).get() == work
    claimed()


def test_who_was_too_slow_neither_renews_nor_releases_what_another_has(work: PendingRange) -> None:
    late = claimed()
    PendingRange.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    taken_over = claimed()
    assert not PendingRange.objects.renew(late, lease_for=LEASE_FOR)
    assert not PendingRange.objects.release(late)
    assert PendingRange.objects.claimed(taken_over).get() == work


def test_a_lease_is_renewed_while_the_work_goes_on() -> None:
    renewed = Event()

    class Rows:
        def renew(self, token: uuid.UUID, *, lease_for: timedelta) -> None:
            renewed.set()

    rows: Any = Rows()
    with kept(rows, uuid.uuid4(), lease_for=timedelta(milliseconds=40)):
        assert renewed.wait(5)


def test_a_renewal_that_fails_is_tried_again_and_does_not_end_the_lease() -> None:
    renewed, calls = Event(), []

    class LockedRows:
        def renew(self, token: uuid.UUID, *, lease_for: timedelta) -> None:
            calls.append(token)
            if len(calls) == 1:
                raise OperationalError("database is locked")
            renewed.set()

    rows: Any = LockedRows()
    with kept(rows, uuid.uuid4(), lease_for=timedelta(milliseconds=40)):
        assert renewed.wait(5)
