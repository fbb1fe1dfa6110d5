"""When what is trained, and by whom."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.leases import LEASE_FOR
from mlcore import services
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detector, TrainingAttempt
from mlcore.training.schedule import claim, demand, due, is_claimed, release, request
from substations.models import PendingRange, Reading, Substation
from substations.simulation import Simulation

from .grid import add, moment, stored, the_group

pytestmark = pytest.mark.django_db
NOW = moment(1_772_409_600)
DAY = timedelta(days=1)


@pytest.fixture
def group() -> NeighbourGroup:
    """Two substations with twenty days of sparse readings."""
    for code in ("A", "B"):
        read(Substation.objects.create(code=code), *(NOW - n * DAY for n in range(21)))
    return the_group()


def read(substation: Substation, *at: datetime) -> None:
    Reading.objects.bulk_create(Reading(substation=substation, at=each, active_power_kw=1.0) for each in at)


def model(substation: Substation, age: timedelta = timedelta(0), **values: Any) -> Detector:
    fields = {"tier": "own", "trained_from": NOW, "trained_until": NOW} | values
    made = Detector.objects.create(
        substation=substation, version=1 + substation.detectors.count(), row_count=1, arrays=b"", sha256="",
        is_active=True, **fields,
    )  # fmt: skip
    Detector.objects.filter(pk=made.pk).update(created_at=NOW - age)
    return made


def held(group: NeighbourGroup) -> uuid.UUID:
    token = claim(group, now=NOW)
    assert token is not None
    return token


def test_those_without_a_model_are_due_once_there_is_a_week_of_readings(group: NeighbourGroup) -> None:
    assert set(due(group, now=NOW)) == set(group.ids)
    Reading.objects.filter(substation=group.ids[0], at__lt=NOW - 6 * DAY).delete()
    assert due(group, now=NOW) == [group.ids[1]]


def test_a_newcomer_alone_is_due_beside_those_that_are_trained(group: NeighbourGroup) -> None:
    model(group.substations[0])
    assert due(group, now=NOW) == [group.ids[1]]


def test_what_gave_no_model_is_tried_again_with_another_day_of_readings(group: NeighbourGroup) -> None:
    release(held(group), list(group.ids))
    assert due(group, now=NOW) == []
    read(group.substations[0], NOW + 23 * timedelta(hours=1))
    assert due(group, now=NOW) == []
    read(group.substations[0], NOW + DAY)
    assert due(group, now=NOW) == [group.ids[0]]


def test_all_are_trained_again_when_the_oldest_model_has_its_age(group: NeighbourGroup, settings: Any) -> None:
    settings.RETRAIN_DAYS = 30
    model(group.substations[0], 29 * DAY)
    model(group.substations[1])
    assert due(group, now=NOW) == []
    assert due(group, now=NOW + DAY) == list(group.ids)


def test_a_young_model_on_the_fleets_network_is_trained_again_each_week_until_it_has_its_own(
    group: NeighbourGroup,
) -> None:
    model(group.substations[0], 7 * DAY, tier="fleet", trained_from=NOW - 15 * DAY, trained_until=NOW - 7 * DAY)
    model(group.substations[1], 7 * DAY, trained_from=NOW - 15 * DAY, trained_until=NOW - 7 * DAY)
    assert due(group, now=NOW - DAY) == []
    assert due(group, now=NOW) == [group.ids[0]]
    Detector.objects.update(trained_from=NOW - 40 * DAY)
    assert due(group, now=NOW) == []


def test_an_old_model_that_cannot_be_renewed_is_not_tried_without_end(group: NeighbourGroup) -> None:
    """One substation fell silent: the others get new models, its own stays old."""
    model(group.substations[0], 40 * DAY)
    model(group.substations[1])
    assert due(group, now=NOW) == list(group.ids)
    release(held(group), list(group.ids))
    assert due(group, now=NOW) == []
    read(group.substations[0], NOW + DAY)
    assert due(group, now=NOW) == list(group.ids)


def test_one_worker_trains_a_group(group: NeighbourGroup) -> None:
    assert not is_claimed(group, now=NOW)
    assert claim(group, now=NOW)
    assert is_claimed(group, now=NOW)
    assert not claim(group, now=NOW + LEASE_FOR)
    token = claim(group, now=NOW + LEASE_FOR + timedelta(seconds=1))
    assert token, "the worker that held it has died"
    release(uuid.uuid4(), [])
    assert is_claimed(group, now=NOW + LEASE_FOR), "only who holds it gives it back"
    release(token, [])
    assert claim(group, now=NOW + LEASE_FOR + timedelta(seconds=2))


def test_releasing_remembers_up_to_which_reading_each_was_considered(group: NeighbourGroup) -> None:
    release(held(group), [group.ids[1]])
    assert dict(TrainingAttempt.objects.values_list("substation", "newest_at")) == {
        group.ids[0]: None,
        group.ids[1]: NOW,
    }


def test_nothing_is_wanted_while_somebody_is_at_it(group: NeighbourGroup) -> None:
    assert services.training_is_due()
    claim(group, now=timezone.now())
    assert not services.training_is_due()
    assert services.train_due() == []


@pytest.mark.parametrize("count", [2, 40])
def test_asking_whether_any_is_due_takes_three_queries_however_many_there_are(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("mlcore.fleet.groups.GROUP_SIZE", 2)
    for number in range(count):
        model(Substation.objects.create(code=f"N{number:02d}"))
        read(Substation.objects.get(code=f"N{number:02d}"), NOW, NOW - 8 * DAY)
    with django_assert_num_queries(3):
        assert not demand(Substation.objects.all(), now=NOW).everyone
    Detector.objects.update(created_at=timezone.now())
    with django_assert_num_queries(3):
        assert not services.training_is_due()


def test_asking_for_one_wants_nothing_of_the_others(group: NeighbourGroup) -> None:
    for substation in group.substations:
        model(substation)
    request(group.ids[1], now=NOW)
    assert due(group, now=NOW) == [group.ids[1]]
    assert demand(Substation.objects.all(), now=NOW).everyone == {group.ids[1]}


@pytest.mark.usefixtures("grid")
def test_training_what_is_due_leaves_nothing_due() -> None:
    assert len(services.train_due()) == 4
    assert not services.training_is_due()
    assert services.train_due() == []
    assert not TrainingAttempt.objects.filter(claimed_until__isnull=False).exists()


@pytest.mark.usefixtures("no_autoencoder")
def test_a_grid_that_gives_no_model_yet_is_considered_once_and_again_with_more(made: Simulation) -> None:
    stored(made, until_day=8)
    Reading.objects.filter(
        at__lt=moment(made.spec.start_s + 7 * 86_400 - 3600), at__gt=moment(made.spec.start_s)
    ).delete()
    assert services.train_due() == []
    assert not services.training_is_due()
    for substation in Substation.objects.all():
        add(made, substation, 8, 20)
    assert services.training_is_due()
    assert services.train_due()
    assert PendingRange.objects.exists()
