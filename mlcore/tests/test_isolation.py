"""Whose failure it is: what fails for many is done again for each alone, and whoever fails then is left out."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.utils import timezone

from mlcore.fleet.groups import NeighbourGroup, ScoringBatch
from mlcore.models import RaisedLimit, ScoringFailure
from mlcore.scoring import failures
from mlcore.scoring.isolation import fail_alone, store_apart
from substations.models import PendingRange, Substation

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> NeighbourGroup:
    return NeighbourGroup(tuple(Substation.objects.create(code=code) for code in "ABC"))


def limited(part: NeighbourGroup) -> None:
    """Store a row of each substation; that of B is one that the database refuses."""
    for substation in part.substations:
        factor = 0.5 if substation.code == "B" else 1.5
        RaisedLimit.objects.create(substation=substation, cause="overload", factor=factor)


def codes(part: NeighbourGroup) -> str:
    return "".join(substation.code for substation in part.substations)


def test_each_is_asked_alone_and_who_fails_is_named_with_the_reason(group: NeighbourGroup) -> None:
    asked = []

    def act(part: NeighbourGroup) -> None:
        asked.append(codes(part))
        if codes(part) == "B":
            raise ValueError("no tap")

    failed = fail_alone(group, act)
    assert asked == ["A", "B", "C"]
    assert {pk: str(error) for pk, error in failed.items()} == {group.ids[1]: "no tap"}


@pytest.mark.parametrize("error", [OperationalError("away"), MemoryError()])
def test_what_is_nobody_s_fault_goes_through(group: NeighbourGroup, error: Exception) -> None:
    def act(_part: NeighbourGroup) -> None:
        raise error

    with pytest.raises(type(error)):
        fail_alone(group, act)
    with pytest.raises(type(error)):
        store_apart(group, act)


def test_a_group_that_can_be_stored_is_stored_at_once(group: NeighbourGroup) -> None:
    calls = []
    assert store_apart(group, lambda part: calls.append(codes(part))) == {}
    assert calls == ["ABC"]


def test_of_a_group_that_cannot_the_others_are_stored_and_nothing_twice(group: NeighbourGroup) -> None:
    failed = store_apart(group, limited)
    assert set(failed) == {group.ids[1]}
    stored = RaisedLimit.objects.order_by("substation").values_list("substation__code", flat=True)
    assert list(stored) == ["A", "C"]


def test_batches_go_without_those_that_are_held_back(group: NeighbourGroup) -> None:
    other = NeighbourGroup((Substation.objects.create(code="D"),))
    batch = ScoringBatch((group, other))
    assert failures.without([batch], set()) == [batch]
    (left,) = failures.without([batch], {group.ids[0]})
    assert [codes(part) for part in left.neighbour_groups] == ["BC", "D"]
    (left,) = failures.without([batch], set(group.ids))
    assert [codes(part) for part in left.neighbour_groups] == ["D"]
    assert failures.without([batch], set(batch.ids)) == []


def test_a_failure_gives_back_what_was_claimed_and_keeps_it(group: NeighbourGroup) -> None:
    now = timezone.now()
    for substation in group.substations:
        PendingRange.objects.create(substation=substation, start=now, end=now)
    token = PendingRange.objects.claim_all_of(group.ids, now=now)
    assert token is not None
    failures.record({group.ids[1]: ValueError("no tap")}, token)
    free = PendingRange.objects.unclaimed(now).values_list("substation", flat=True)
    assert list(free) == [group.ids[1]]
    assert failures.held_back(now) == {group.ids[1]}
    failures.clear(group.ids)
    assert not ScoringFailure.objects.exists()
