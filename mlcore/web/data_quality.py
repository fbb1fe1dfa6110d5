"""How good the data of a substation were, day by day: what came, what was derived, what was not believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, ExpressionWrapper, IntegerField, Max, Min, Q, QuerySet, Value

from mlcore.diagnosis.terms import DAY_S
from mlcore.models import Score
from substations.models import Reading, Substation
from substations.querysets import EpochSeconds

# More days than this are joined, so that each bar of the strip can still be seen.
MAX_BARS = 120


@dataclass(frozen=True, slots=True)
class Stretch:
    """One day, or a few: counts of readings. ``expected`` is how many the interval allows."""

    at: datetime
    expected: int
    present: int
    derived: int
    refused: int

    @property
    def present_share(self) -> float:
        return min(1.0, self.present / self.expected)

    @property
    def refused_share(self) -> float:
        return min(self.present_share, self.refused / self.expected)


@dataclass(frozen=True, slots=True)
class DataQuality:
    """The stretches of a range, oldest first, and their sums as shares of one; a range without a reading has none."""

    stretches: list[Stretch]
    days_each: int

    @property
    def present_share(self) -> float:
        return self._part(self._sum_of("present"), self._sum_of("expected"))

    @property
    def derived_share(self) -> float:
        return self._part(self._sum_of("derived"), self._sum_of("present"))

    @property
    def refused_share(self) -> float:
        return self._part(self._sum_of("refused"), self._sum_of("present"))

    def _sum_of(self, count: str) -> int:
        return sum(getattr(stretch, count) for stretch in self.stretches)

    @staticmethod
    def _part(some: int, whole: int) -> float:
        return min(1.0, some / whole) if whole else 0.0


def data_quality(
    substation: Substation, start: datetime | None, end: datetime | None, *, utc_offset_s: int = 0
) -> DataQuality:
    """Days of local time, counted by the database; the first and the last are as long as the readings reach.

    A reading counts as not believed when the flag of its score says so; one without a score yet does not.
    """
    readings = Reading.objects.for_substation(substation).between(start, end)
    ends = readings.aggregate(first=Min("at"), last=Max("at"))
    if not ends["first"]:
        return DataQuality([], 1)
    first_s, last_s = (int(ends[name].timestamp()) for name in ("first", "last"))
    first_day = (first_s + utc_offset_s) // DAY_S
    days_each = -(-((last_s + utc_offset_s) // DAY_S - first_day + 1) // MAX_BARS)
    begin_s, width_s = first_day * DAY_S - utc_offset_s, days_each * DAY_S
    counted = _counted(readings, begin_s, width_s, present=Count("at"), derived=Count("at", filter=~Q(derived=0)))
    scores = Score.objects.filter(substation=substation).between(ends["first"], ends["last"])
    refused = _counted(scores.filter(status=Score.Validity.BAD), begin_s, width_s, refused=Count("at"))
    nothing = {"present": 0, "derived": 0, "refused": 0}
    stretches = []
    for number in range((last_s - begin_s) // width_s + 1):
        counts = nothing | counted.get(number, {}) | refused.get(number, {})
        from_s = max(begin_s + number * width_s, first_s)
        until_s = min(begin_s + (number + 1) * width_s - 1, last_s)
        expected = (until_s - from_s) // substation.reading_interval_s + 1
        stretches.append(Stretch(datetime.fromtimestamp(from_s, UTC), expected, **counts))
    return DataQuality(stretches, days_each)


def _counted(rows: QuerySet[Any], begin_s: int, width_s: int, **counts: Count) -> dict[int, dict[str, int]]:
    """The counts by number of the stretch."""
    number = ExpressionWrapper((EpochSeconds("at") - Value(begin_s)) / Value(width_s), output_field=IntegerField())
    grouped = rows.annotate(number=number).order_by().values("number").annotate(**counts)
    return {row.pop("number"): row for row in grouped}
