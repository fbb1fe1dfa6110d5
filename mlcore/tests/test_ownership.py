"""Which process owns the scorer of a batch, and when another one takes it over."""

from __future__ import annotations

import multiprocessing
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from mlcore.fleet.groups import NeighbourGroup, ScoringBatch
from mlcore.models import ScorerOwnership
from mlcore.scoring import ownership, running_workers
from mlcore.scoring.ownership import PATIENCE, QUICKLY_STARTED, acquire, is_ours, ours_first, release, renew
from substations.models import PendingRange, Substation

from .grid import moment

pytestmark = pytest.mark.django_db
ENDED = uuid.UUID(int=7)
FIRST, SECOND = moment(1_772_409_600), moment(1_772_413_200)


def batch(*codes: str) -> ScoringBatch:
    made = tuple(Substation.objects.create(code=code) for code in codes)
    return ScoringBatch((NeighbourGroup(made),))


def of_another_process(of: ScoringBatch) -> None:
    ScorerOwnership.objects.create(first_id=of.ids[0], process=uuid.uuid4(), judged_until=FIRST)


def waiting(of: ScoringBatch, ago: timedelta = timedelta(0)) -> None:
    PendingRange.objects.create(substation_id=of.ids[0], start=FIRST, end=FIRST)
    PendingRange.objects.update(created_at=timezone.now() - ago)


def test_a_process_has_one_name_and_a_forked_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = ownership.this_process()
    assert ownership.this_process() == mine
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert ownership.this_process() != mine


def test_what_a_process_acquired_is_its_own_up_to_where_it_judged() -> None:
    pair = batch("A", "B")
    assert not is_ours(pair, FIRST)
    acquire(pair, FIRST)
    assert is_ours(pair, FIRST)
    assert not is_ours(pair, SECOND)


def test_it_goes_on_from_where_it_was_and_from_nowhere_else() -> None:
    pair = batch("A", "B")
    acquire(pair, FIRST)
    assert renew(pair, FIRST, SECOND)
    assert not renew(pair, FIRST, SECOND), "somebody has been there"
    assert is_ours(pair, SECOND)


def test_whoever_stores_a_result_as_a_whole_leaves_the_batch_to_nobody() -> None:
    pair = batch("A", "B")
    acquire(pair, FIRST)
    release(pair)
    assert not renew(pair, FIRST, SECOND)
    assert not ScorerOwnership.objects.exists()


def test_a_batch_that_swallowed_another_takes_its_owner_away() -> None:
    pair = batch("A", "B")
    ScorerOwnership.objects.create(first_id=pair.ids[1], process=uuid.uuid4(), judged_until=FIRST)
    acquire(pair, FIRST)
    assert list(ScorerOwnership.objects.values_list("first", flat=True)) == [pair.ids[0]]


def test_first_come_ones_own_then_nobody_s_then_those_of_others() -> None:
    theirs, nobodys, ours, idle = (batch(code) for code in "ABCD")
    of_another_process(theirs)
    acquire(ours, FIRST)
    ids = {of.ids[0] for of in (theirs, nobodys, ours)}
    assert list(ours_first([theirs, nobodys, ours, idle], ids)) == [ours, nobodys, theirs]


@pytest.mark.parametrize(("ago", "is_taken"), [(timedelta(0), False), (2 * PATIENCE, True)])
def test_a_large_batch_is_left_to_its_owner_until_that_one_is_overdue(ago: timedelta, is_taken: bool) -> None:
    large = batch(*(f"N{number:03d}" for number in range(QUICKLY_STARTED + 1)))
    of_another_process(large)
    waiting(large, ago)
    assert list(ours_first([large], {large.ids[0]})) == ([large] if is_taken else [])


def test_a_small_batch_is_taken_at_once() -> None:
    small = batch("A")
    of_another_process(small)
    waiting(small)
    assert list(ours_first([small], {small.ids[0]})) == [small]


def test_what_was_a_process_s_that_has_ended_is_nobody_s() -> None:
    large = batch(*(f"N{number:03d}" for number in range(QUICKLY_STARTED + 1)))
    waiting(large)
    ended = multiprocessing.get_context("fork").Process(target=running_workers.note_running, args=(ENDED,))
    ended.start()
    ended.join()
    ScorerOwnership.objects.create(first_id=large.ids[0], process=ENDED, judged_until=FIRST)
    assert list(ours_first([large], {large.ids[0]})) == [large]
