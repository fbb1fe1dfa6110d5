"""Questions asked of detectors, scores and detections; and how scoring stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from mlcore.models import Detection, Detector, Score, ScoringFailure
from mlcore.scoring.health import MAX_LAG, scoring_health
from substations.models import PendingRange, Substation

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
HOUR = timedelta(hours=1)


@pytest.fixture
def substation() -> Substation:
    return Substation.objects.create(code="A")


def episode(substation: Substation, first: int, last: int | None, **more: Any) -> Detection:
    at = START + first * HOUR
    return Detection.objects.create(
        substation=substation, kind="loss", cause="overload", severity=10, start=at, peak=at, score=2.0, reason="",
        end=None if last is None else START + last * HOUR, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "is_touching"),
    [(0, 5, False), (0, 10, True), (0, None, True), (12, 13, True), (20, 25, True), (21, 25, False), (30, None, False)],
)
def test_an_episode_touches_a_range_if_they_share_a_moment(
    substation: Substation, first: int, last: int | None, is_touching: bool
) -> None:
    episode(substation, first, last)
    touching = Detection.objects.touching(START + 10 * HOUR, START + 20 * HOUR)
    assert touching.exists() is is_touching


def test_an_open_side_of_a_range_has_no_limit(substation: Substation) -> None:
    episode(substation, 0, 5)
    assert Detection.objects.touching(None, START + 99 * HOUR).exists()
    assert not Detection.objects.touching(None, START - HOUR).exists()
    assert Detection.objects.touching(None, None).exists()


def test_what_goes_on_has_no_end_and_was_not_withdrawn(substation: Substation) -> None:
    ongoing = episode(substation, 0, None)
    episode(substation, 1, 5)
    episode(substation, 2, None, withdrawn_at=START)
    assert list(Detection.objects.ongoing()) == [ongoing]
    assert ongoing.is_open
    assert Detection.objects.not_withdrawn().count() == 2


def test_scores_between_two_times_both_included(substation: Substation) -> None:
    Score.objects.bulk_create(Score(substation=substation, at=START + number * HOUR) for number in range(5))
    assert Score.objects.between(START + HOUR, START + 3 * HOUR).count() == 3
    assert Score.objects.between(None, START + HOUR).count() == 2
    assert Score.objects.between(START + 4 * HOUR, None).count() == 1


def test_lists_of_versions_leave_the_weights_in_the_database(
    substation: Substation, django_assert_num_queries: Any
) -> None:
    fields = {"trained_from": START, "trained_until": START, "row_count": 1, "sha256": ""}
    Detector.objects.create(substation=substation, version=1, is_active=True, arrays=b"many", **fields)
    Detector.objects.create(substation=substation, version=2, arrays=b"many", **fields)
    with django_assert_num_queries(1):
        (active,) = Detector.objects.active().without_artifact()
    with django_assert_num_queries(1):
        assert bytes(active.arrays) == b"many", "asked for, it is fetched"


@pytest.mark.parametrize(("age", "state"), [(MAX_LAG / 2, "ok"), (2 * MAX_LAG, "lagging")])
def test_readings_that_wait_too_long_mean_that_scoring_lags(substation: Substation, age: timedelta, state: str) -> None:
    now = timezone.now()
    PendingRange.objects.create(substation=substation, start=START, end=START)
    PendingRange.objects.update(created_at=now - age)
    health = scoring_health(now)
    assert (health.state, health.waiting, health.failing) == (state, 1, 0)
    assert health.oldest_at == now - age


def test_a_substation_that_cannot_be_judged_is_failing_and_makes_nobody_lag(substation: Substation) -> None:
    now = timezone.now()
    PendingRange.objects.create(substation=substation, start=START, end=START)
    PendingRange.objects.update(created_at=now - 9 * MAX_LAG)
    ScoringFailure.objects.record({substation.pk: ValueError("no tap")})
    health = scoring_health(now)
    assert (health.state, health.failing, health.waiting, health.oldest_at) == ("failing", 1, 0, None)


def test_with_nothing_to_do_all_is_well() -> None:
    health = scoring_health(timezone.now())
    assert (health.state, health.waiting, health.oldest_at) == ("ok", 0, None)
