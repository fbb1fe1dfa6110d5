"""A group that cannot be trained is trained later: the other groups are, and it is said of its substations why."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from core.leases import LEASE_FOR
from mlcore import services
from mlcore.fleet.groups import NeighbourGroup, neighbour_groups
from mlcore.models import Detector, TrainingAttempt, TrainingFailure
from mlcore.training import fit
from mlcore.training.schedule import claim, is_claimed, request
from substations.models import Link, Reading, Substation

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
DAY = timedelta(days=1)
REASON = "ZeroDivisionError: a day without hours"


@pytest.fixture(autouse=True)
def two_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """A1 and A2 are linked, so are B1 and B2; all of them have readings for a model."""
    monkeypatch.setattr("mlcore.fleet.groups.GROUP_SIZE", 2)
    for letter in ("A", "B"):
        pair = [Substation.objects.create(code=f"{letter}{number}") for number in (1, 2)]
        Link.objects.create(source=pair[0], target=pair[1], r_ohm=0.1, x_ohm=0.1)
        for substation in pair:
            Reading.objects.bulk_create(
                Reading(substation=substation, at=NOW - number * DAY, active_power_kw=1.0) for number in range(21)
            )
    assert [[each.code for each in group.substations] for group in neighbour_groups()] == [["A1", "A2"], ["B1", "B2"]]


def trained(group: NeighbourGroup, **_asked: Any) -> list[Detector]:
    """In the place of ``train``: a version of every substation of the group."""
    return [
        Detector.objects.create(
            substation=substation, version=1, row_count=1, arrays=b"", sha256="", is_active=True, tier="own",
            trained_from=NOW - 30 * DAY, trained_until=NOW,
        )
        for substation in group.substations
    ]  # fmt: skip


def failing(code: str, error: BaseException) -> Any:
    """The same, but it fails for the group with this substation."""

    def train(group: NeighbourGroup, **asked: Any) -> list[Detector]:
        if code in {substation.code for substation in group.substations}:
            raise error
        return trained(group, **asked)

    return train


def codes(versions: list[Detector]) -> list[str]:
    return [version.substation.code for version in versions]


def waiting_is_over() -> None:
    TrainingFailure.objects.update(retry_at=timezone.now() - timedelta(seconds=1))


def test_where_nothing_fails_every_group_is_trained_and_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "train", trained)
    assert codes(services.train_due()) == ["A1", "A2", "B1", "B2"]
    assert not TrainingFailure.objects.exists()


@pytest.mark.parametrize("error", [ZeroDivisionError("a day without hours"), MemoryError("too many readings")])
def test_a_group_that_fails_does_not_stop_the_next_one(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(services, "train", failing("A2", error))
    assert codes(services.train_due()) == ["B1", "B2"]
    failures = TrainingFailure.objects.order_by("pk").select_related("substation")
    assert [failure.substation.code for failure in failures] == ["A1", "A2"]
    assert {failure.reason for failure in failures} == {f"{type(error).__name__}: {error}"}
    assert not TrainingAttempt.objects.filter(claimed_until__isnull=False).exists(), "the lease is given back"


def test_what_failed_is_not_due_until_its_next_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "train", failing("A1", ZeroDivisionError("a day without hours")))
    services.train_due()
    assert not services.training_is_due(), "it does not spin"
    assert services.train_due() == []
    assert TrainingFailure.objects.filter(attempts=1).count() == 2
    waiting_is_over()
    assert services.training_is_due()
    services.train_due()
    assert TrainingFailure.objects.filter(attempts=2).count() == 2


def test_a_training_that_ends_takes_back_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(services, "train", failing("A1", ZeroDivisionError("a day without hours")))
        services.train_due()
    waiting_is_over()
    monkeypatch.setattr(services, "train", trained)
    assert codes(services.train_due()) == ["A1", "A2"]
    assert not TrainingFailure.objects.exists()


def test_what_a_person_asks_for_is_tried_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "train", failing("A1", ZeroDivisionError("a day without hours")))
    services.train_due()
    request(Substation.objects.get(code="A1").pk)
    assert services.training_is_due()
    services.train_due()
    tried = dict(TrainingFailure.objects.values_list("substation__code", "attempts"))
    assert tried == {"A1": 2, "A2": 1}, "the other one was not asked for"
    assert TrainingAttempt.objects.filter(requested_at__isnull=False).exists(), "and is still asked for"
    assert not services.training_is_due(), "after the usual wait"


def test_a_database_that_is_away_is_no_group_s_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "train", failing("A1", OperationalError("database is locked")))
    with pytest.raises(OperationalError):
        services.train_due()
    assert not TrainingFailure.objects.exists()
    assert not any(is_claimed(group) for group in neighbour_groups())


def test_looking_for_what_is_due_may_fail_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def due(group: NeighbourGroup, **_named: Any) -> list[int]:
        if group.substations[0].code == "A1":
            raise ZeroDivisionError("a day without hours")
        return list(group.ids)

    monkeypatch.setattr(services, "due", due)
    monkeypatch.setattr(services, "train", trained)
    assert codes(services.train_due()) == ["B1", "B2"]
    assert {failure.reason for failure in TrainingFailure.objects.all()} == {REASON}


def test_a_command_trains_the_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "train", failing("A1", ZeroDivisionError("a day without hours")))
    assert codes(services.train_all()) == ["B1", "B2"]
    assert TrainingFailure.objects.count() == 2


def test_a_lease_is_renewed_for_as_long_as_a_training_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that renews is there while the group is trained, and gone afterwards."""
    renewing: list[bool] = []

    def train(group: NeighbourGroup, **asked: Any) -> list[Detector]:
        renewing.append(any(thread.name == "lease renewal" for thread in threading.enumerate()))
        return trained(group, **asked)

    monkeypatch.setattr(services, "train", train)
    services.train_due()
    assert renewing == [True, True]
    assert not any(thread.name == "lease renewal" for thread in threading.enumerate())


def test_a_training_under_way_is_left_to_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "train", trained)
    claim(neighbour_groups()[0])
    assert codes(services.train_due()) == ["B1", "B2"]
    assert not TrainingFailure.objects.exists()


def die_over_the_first_group() -> None:
    """As a worker killed over its training leaves it."""
    TrainingAttempt.objects.update(claimed_until=None)
    assert claim(neighbour_groups()[0], now=timezone.now() - LEASE_FOR - timedelta(seconds=1))


def test_a_training_over_which_its_worker_died_goes_on_at_once_behind_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What runs a worker out of memory would do so again, before any other group had its turn."""
    said: list[set[str]] = []

    def train(group: NeighbourGroup, **asked: Any) -> list[Detector]:
        said.append({failure.reason for failure in TrainingFailure.objects.all()})
        return trained(group, **asked)

    monkeypatch.setattr(services, "train", train)
    die_over_the_first_group()
    assert codes(services.train_due()) == ["B1", "B2", "A1", "A2"]
    reason = "TrainingInterrupted: The worker was stopped or ran out of memory during the training."
    assert said == [set(), {reason}], "should it take this worker's life too, it is known that it did before"
    assert not TrainingFailure.objects.exists()


def test_a_training_over_which_two_workers_died_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "train", failing("A1", SystemExit()))
    die_over_the_first_group()
    with pytest.raises(SystemExit):
        services.train_due()
    die_over_the_first_group()
    waiting_is_over()
    monkeypatch.setattr(services, "train", trained)
    assert services.train_due() == []
    assert set(TrainingFailure.objects.values_list("attempts", flat=True)) == {2}
    assert not services.training_is_due()
    waiting_is_over()
    assert codes(services.train_due()) == ["A1", "A2"]


def test_who_lost_the_claim_on_a_group_stores_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stood still for longer than its lease comes back while another one trains."""
    monkeypatch.setattr(fit, "_store", lambda group, *_rest: trained(group))
    monkeypatch.setattr(fit, "train_fleet", lambda *_args, **_named: {})
    real_left_out = fit.left_out_of

    def overtaken(group: NeighbourGroup, fleet: Any) -> Any:
        if group.substations[0].code == "A1":
            TrainingAttempt.objects.filter(substation=group.ids[0]).update(claimed_by=uuid.uuid4())
        return real_left_out(group, fleet)

    monkeypatch.setattr(fit, "left_out_of", overtaken)
    assert codes(services.train_due()) == ["B1", "B2"]
    assert not TrainingFailure.objects.exists()
