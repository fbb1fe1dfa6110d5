"""When what is trained, and by whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from mlcore import services
from mlcore.fleet.groups import Shard
from mlcore.models import Detector, TrainingAttempt
from mlcore.training.schedule import CLAIM_FOR, claim, due, is_claimed, release, request, wishes
from substations.models import PendingRange, Reading, Substation
from substations.simulation import Simulation

from .grid import add, moment, stored, the_shard

pytestmark = pytest.mark.django_db
NOW = moment(1_772_409_600)
DAY = timedelta(days=1)


@pytest.fixture
def shard() -> Shard:
    """Two substations with twenty days of sparse readings."""
    for code in ("A", "B"):
        read(Substation.objects.create(code=code), *(NOW - n * DAY for n in range(21)))
    return the_shard()


def read(substation: Substation, *at: datetime) -> None:
    Reading.objects.bulk_create(Reading(substation=substation, at=each, active_power_kw=1.0) for each in at)


def model(substation: Substation, age: timedelta = timedelta(0), **values: Any) -> Detector:
    fields = {"rung": "own", "trained_from": NOW, "trained_until": NOW} | values
    made = Detector.objects.create(
        substation=substation, version=1 + substation.detectors.count(), row_count=1, arrays=b"", sha256="",
        is_active=True, **fields,
    )  # fmt: skip
    Detector.objects.filter(pk=made.pk).update(created_at=NOW - age)
    return made


def test_those_without_a_model_are_due_once_there_is_a_week_of_readings(shard: Shard) -> None:
    assert set(due(shard, now=NOW)) == set(shard.ids)
    Reading.objects.filter(substation=shard.ids[0], at__lt=NOW - 6 * DAY).delete()
    assert due(shard, now=NOW) == [shard.ids[1]]


def test_a_newcomer_alone_is_due_beside_those_that_are_trained(shard: Shard) -> None:
    model(shard.substations[0])
    assert due(shard, now=NOW) == [shard.ids[1]]


def test_what_gave_no_model_is_tried_again_with_another_day_of_readings(shard: Shard) -> None:
    release(shard, list(shard.ids))
    assert due(shard, now=NOW) == []
    read(shard.substations[0], NOW + 23 * timedelta(hours=1))
    assert due(shard, now=NOW) == []
    read(shard.substations[0], NOW + DAY)
    assert due(shard, now=NOW) == [shard.ids[0]]


def test_all_are_trained_again_when_the_oldest_model_has_its_age(shard: Shard, settings: Any) -> None:
    settings.RETRAIN_DAYS = 30
    model(shard.substations[0], 29 * DAY)
    model(shard.substations[1])
    assert due(shard, now=NOW) == []
    assert due(shard, now=NOW + DAY) == list(shard.ids)


def test_a_young_model_on_the_fleets_network_is_trained_again_each_week_until_it_has_its_own(shard: Shard) -> None:
    model(shard.substations[0], 7 * DAY, rung="fleet", trained_from=NOW - 15 * DAY, trained_until=NOW - 7 * DAY)
    model(shard.substations[1], 7 * DAY, trained_from=NOW - 15 * DAY, trained_until=NOW - 7 * DAY)
    assert due(shard, now=NOW - DAY) == []
    assert due(shard, now=NOW) == [shard.ids[0]]
    Detector.objects.update(trained_from=NOW - 40 * DAY)
    assert due(shard, now=NOW) == []


def test_an_old_model_that_cannot_be_renewed_is_not_tried_without_end(shard: Shard) -> None:
    """One substation fell silent: the others get new models, its own stays old."""
    model(shard.substations[0], 40 * DAY)
    model(shard.substations[1])
    assert due(shard, now=NOW) == list(shard.ids)
    release(shard, list(shard.ids))
    assert due(shard, now=NOW) == []
    read(shard.substations[0], NOW + DAY)
    assert due(shard, now=NOW) == list(shard.ids)


def test_one_worker_trains_a_shard(shard: Shard) -> None:
    assert not is_claimed(shard, now=NOW)
    assert claim(shard, now=NOW)
    assert is_claimed(shard, now=NOW)
    assert not claim(shard, now=NOW + CLAIM_FOR)
    assert claim(shard, now=NOW + CLAIM_FOR + timedelta(seconds=1)), "the worker that held it has died"
    release(shard, [])
    assert claim(shard, now=NOW + CLAIM_FOR + timedelta(seconds=2))


def test_releasing_remembers_up_to_which_reading_each_was_considered(shard: Shard) -> None:
    claim(shard, now=NOW)
    release(shard, [shard.ids[1]])
    assert dict(TrainingAttempt.objects.values_list("substation", "newest_at")) == {
        shard.ids[0]: None,
        shard.ids[1]: NOW,
    }


def test_nothing_is_wanted_while_somebody_is_at_it(shard: Shard) -> None:
    assert services.training_is_due()
    claim(shard, now=timezone.now())
    assert not services.training_is_due()
    assert services.train_due() == []


@pytest.mark.parametrize("count", [2, 40])
def test_asking_whether_any_is_due_takes_three_queries_however_many_there_are(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("mlcore.fleet.groups.SHARD_SIZE", 2)
    for number in range(count):
        model(Substation.objects.create(code=f"N{number:02d}"))
        read(Substation.objects.get(code=f"N{number:02d}"), NOW, NOW - 8 * DAY)
    with django_assert_num_queries(3):
        assert not wishes(Substation.objects.all(), now=NOW).everyone
    Detector.objects.update(created_at=timezone.now())
    with django_assert_num_queries(3):
        assert not services.training_is_due()


def test_asking_for_one_wants_nothing_of_the_others(shard: Shard) -> None:
    for substation in shard.substations:
        model(substation)
    request(shard.ids[1], now=NOW)
    assert due(shard, now=NOW) == [shard.ids[1]]
    assert wishes(Substation.objects.all(), now=NOW).everyone == {shard.ids[1]}


@pytest.mark.usefixtures("grid")
def test_training_what_is_due_leaves_nothing_due() -> None:
    assert len(services.train_due()) == 4
    assert not services.training_is_due()
    assert services.train_due() == []
    assert not TrainingAttempt.objects.filter(claimed_until__isnull=False).exists()


@pytest.mark.usefixtures("no_network")
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


@pytest.mark.usefixtures("grid")
def test_a_training_that_fails_releases_its_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **values: object) -> None:
        raise MemoryError

    monkeypatch.setattr(services, "train", broken)
    with pytest.raises(MemoryError):
        services.train_due()
    assert not is_claimed(the_shard())
