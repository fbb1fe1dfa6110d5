"""A model has drifted when far more of a week's ordinary rows are abnormal to it than should be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection, Score
from mlcore.training.schedule import DRIFT_OVER, DRIFT_ROWS, DRIFT_SHARE, drifted, due
from substations.models import PlannedWork, Reading, Substation

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
STEP = timedelta(minutes=30)
ROWS = 200


@pytest.fixture
def group() -> NeighbourGroup:
    made = tuple(Substation.objects.create(code=code) for code in "AB")
    Reading.objects.create(substation=made[0], at=NOW)
    return NeighbourGroup(made)


def scored(group: NeighbourGroup, abnormal: int, *, rows: int = ROWS, ago: timedelta = timedelta(0)) -> None:
    """Rows of the first substation up to a time ago; the newest of them are above the threshold."""
    Score.objects.bulk_create(
        Score(substation=group.substations[0], at=NOW - ago - number * STEP, score=1.5 if number < abnormal else 0.2)
        for number in range(rows)
    )


def episode(group: NeighbourGroup, **more: Any) -> None:
    fields = {"kind": "loss", "cause": "overload", "severity": 10, "peak": NOW, "score": 2.0, "reason": ""} | more
    Detection.objects.create(substation=group.substations[0], start=NOW - 50 * STEP, **fields)


@pytest.mark.parametrize(
    ("abnormal", "has_drifted"), [(0, False), (int(DRIFT_SHARE * ROWS), False), (int(DRIFT_SHARE * ROWS) + 1, True)]
)
def test_it_drifted_when_more_than_the_share_is_abnormal(
    group: NeighbourGroup, abnormal: int, has_drifted: bool
) -> None:
    scored(group, abnormal)
    assert drifted(group) == ({group.ids[0]} if has_drifted else set())


def test_of_too_few_rows_nothing_is_said(group: NeighbourGroup) -> None:
    scored(group, DRIFT_ROWS - 1, rows=DRIFT_ROWS - 1)
    assert drifted(group) == set()


def test_what_is_older_than_a_week_does_not_count(group: NeighbourGroup) -> None:
    scored(group, ROWS, ago=DRIFT_OVER)
    assert drifted(group) == set()


def test_rows_that_could_not_be_judged_do_not_count(group: NeighbourGroup) -> None:
    scored(group, ROWS)
    Score.objects.update(status=Score.Validity.BAD)
    assert drifted(group) == set()


@pytest.mark.parametrize(
    ("more", "has_drifted"),
    [({}, False), ({"verdict": "false_alarm"}, True), ({"withdrawn_at": NOW}, True), ({"end": NOW - 45 * STEP}, True)],
)
def test_a_known_episode_explains_its_rows_unless_it_was_none(
    group: NeighbourGroup, more: dict[str, Any], has_drifted: bool
) -> None:
    scored(group, 40)
    episode(group, **more)
    assert bool(drifted(group)) is has_drifted


def test_planned_work_explains_its_rows(group: NeighbourGroup) -> None:
    scored(group, 40)
    PlannedWork.objects.create(substation=group.substations[1], start=NOW - 50 * STEP, end=NOW)
    assert drifted(group) == {group.ids[0]}, "work on another one does not"
    PlannedWork.objects.create(substation=group.substations[0], start=NOW - 50 * STEP, end=NOW)
    assert drifted(group) == set()


def test_without_readings_nothing_drifts(group: NeighbourGroup) -> None:
    Reading.objects.all().delete()
    assert drifted(group) == set()


def test_a_drifted_model_takes_its_group_along_to_the_next_training(group: NeighbourGroup) -> None:
    for substation in group.substations:
        Reading.objects.create(substation=substation, at=NOW - timedelta(days=20))
        Reading.objects.get_or_create(substation=substation, at=NOW)
        substation.detectors.create(
            version=1, tier="own", is_active=True, row_count=1, arrays=b"", sha256="",
            trained_from=NOW - timedelta(days=60), trained_until=NOW - timedelta(days=20),
        )  # fmt: skip
    scored(group, 40)
    assert due(group, now=NOW) == []
    assert due(group, now=NOW, look_for_drift=True) == list(group.ids)
