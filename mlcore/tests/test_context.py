"""How far back the readings reach that a judgement rests on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection
from mlcore.scoring.context import MAX_LOOK_BACK, ONSET_BEFORE_RAISE, context_start, moment, ongoing_since_s, step_s
from substations.models import Substation

pytestmark = pytest.mark.django_db
START = moment(1_772_409_600)
MEMORY = timedelta(hours=CONTEXT_HOURS) + ONSET_BEFORE_RAISE
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def group() -> NeighbourGroup:
    return NeighbourGroup(tuple(Substation.objects.create(code=code, reading_interval_s=900) for code in "AB"))


def episode(group: NeighbourGroup, start: datetime, end: datetime | None = None, **more: Any) -> Detection:
    return Detection.objects.create(
        substation=group.substations[1], kind="loss", cause="overload", severity=10, start=start, end=end, peak=start,
        score=2.0, reason="", **more,
    )  # fmt: skip


def test_a_judgement_rests_on_its_memory_and_a_day_for_the_onset(group: NeighbourGroup) -> None:
    assert context_start(group, START) == START - MEMORY


def test_an_episode_that_goes_on_is_judged_again_from_before_its_start(group: NeighbourGroup) -> None:
    episode(group, START - 10 * DAY)
    assert context_start(group, START) == START - 10 * DAY - MEMORY


def test_one_that_ended_shortly_before_counts_since_it_may_be_back_and_one_long_over_does_not(
    group: NeighbourGroup,
) -> None:
    episode(group, START - 10 * DAY, START - 31 * HOUR)
    assert context_start(group, START) == START - MEMORY
    episode(group, START - 5 * DAY, START - 29 * HOUR)
    assert context_start(group, START) == START - 5 * DAY - MEMORY


def test_nothing_is_looked_back_for_beyond_two_months(group: NeighbourGroup) -> None:
    episode(group, START - 300 * DAY)
    assert context_start(group, START) == START - MAX_LOOK_BACK - MEMORY


def test_an_episode_that_begins_later_moves_nothing(group: NeighbourGroup) -> None:
    episode(group, START + DAY)
    assert context_start(group, START) == START - MEMORY


def test_findings_are_asked_for_from_the_first_episode_that_goes_on(group: NeighbourGroup) -> None:
    assert ongoing_since_s(group, START) == START.timestamp()
    episode(group, START - 2 * DAY)
    episode(group, START - 9 * DAY, START - DAY)
    assert ongoing_since_s(group, START) == (START - 2 * DAY).timestamp()


def test_a_withdrawn_episode_does_not_go_on(group: NeighbourGroup) -> None:
    episode(group, START - 2 * DAY, withdrawn_at=START)
    assert ongoing_since_s(group, START) == START.timestamp()


@pytest.mark.parametrize(("off_s", "step"), [(0, 0), (449, 0), (450, 1), (-450, 0), (-451, -1), (900, 1)])
def test_a_reading_lies_on_the_nearest_step_of_the_grid(group: NeighbourGroup, off_s: int, step: int) -> None:
    assert step_s(group, START + timedelta(seconds=off_s)) == START.timestamp() + 900 * step
