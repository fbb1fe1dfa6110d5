"""How far back the readings reach that a judgement rests on."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Min

from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection

# An episode that goes on is judged again from before its start, but not further back than this.
MAX_LOOK_BACK = timedelta(days=60)
# A detection starts when its alarm was raised; what it is about began up to this long before.
ONSET_BEFORE_RAISE = timedelta(hours=24)


def context_start(group: NeighbourGroup, start: datetime) -> datetime:
    """From where on readings are needed to judge a group from ``start`` on, with the episodes that go on there."""
    ongoing = Detection.objects.of_readings().remembered(start, None).filter(substation__in=group.ids)
    earliest = ongoing.aggregate(Min("start"))["start__min"] or start
    earliest = max(min(earliest, start), start - MAX_LOOK_BACK)
    return earliest - ONSET_BEFORE_RAISE - timedelta(hours=CONTEXT_HOURS)


def judged_from_at_least(group: NeighbourGroup) -> datetime | None:
    """Nothing earlier is judged (again): the readings that it rests on were deleted by the retention.

    Without them no episode would be found that was found then, and its record would be withdrawn.
    """
    kept_from = [each.readings_kept_from for each in group.substations if each.readings_kept_from]
    return max(kept_from) + ONSET_BEFORE_RAISE + timedelta(hours=CONTEXT_HOURS) if kept_from else None


def ongoing_since_s(group: NeighbourGroup, start: datetime) -> int:
    """When the first episode that goes on began, or ``start``."""
    ongoing = Detection.objects.of_readings().ongoing().filter(substation__in=group.ids)
    earliest = ongoing.aggregate(Min("start"))["start__min"] or start
    return int(earliest.timestamp())


def step_s(group: NeighbourGroup, at: datetime) -> int:
    """The step of the group's grid that a reading of this time lies on: a meter's clock may be off."""
    interval_s = group.substations[0].reading_interval_s
    return reading_grid.nearest_step(math.floor(at.timestamp()), interval_s) * interval_s


def moment(second: Any) -> datetime:
    """A time of the grid as the database has it."""
    return datetime.fromtimestamp(int(second), UTC)
