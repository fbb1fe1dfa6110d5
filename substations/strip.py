"""A record at a glance: its extremes in a few hundred stretches, as the path of a strip to pick a range from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import ExpressionWrapper, IntegerField, Max, Min, Value
from django.db.models.functions import Abs

from .models import Reading, Substation
from .querysets import EpochSeconds

# chosen: one column of the strip is four of its thousand units wide.
STRETCHES = 240
WIDTH, HEIGHT = 1000, 40


@dataclass(frozen=True, slots=True)
class Strip:
    """``path`` is an SVG path in a box of WIDTH by HEIGHT over [``first``, ``last``]; gaps are left out."""

    path: str
    first: datetime
    last: datetime
    low: float
    high: float

    @property
    def first_s(self) -> int:
        return int(self.first.timestamp())

    @property
    def last_s(self) -> int:
        return int(self.last.timestamp())


def strip_of(substation: Substation, channel: str = "power_factor") -> Strip | None:
    """The whole record of one channel; None without readings of two times at least.

    Grouped by the database: a year of readings never leaves it.
    """
    readings = Reading.objects.for_substation(substation)
    ends = readings.aggregate(first=Min("at"), last=Max("at"))
    if not ends["first"] or ends["first"] == ends["last"]:
        return None
    first_s, last_s = int(ends["first"].timestamp()), int(ends["last"].timestamp())
    width_s = max(substation.reading_interval_s, -(-(last_s - first_s + 1) // STRETCHES))
    known = readings.filter(**{f"{channel}__isnull": False})
    stretch = ExpressionWrapper((EpochSeconds("at") - Value(first_s)) / Value(width_s), output_field=IntegerField())
    found = known.annotate(stretch=stretch).values("stretch").annotate(low=Min(Abs(channel)), high=Max(Abs(channel)))
    rows = list(found.order_by("stretch").values_list("stretch", "low", "high"))
    if not rows:
        return None
    low, high = min(row[1] for row in rows), max(row[2] for row in rows)
    path = _path(rows, low, high, width_s / (last_s - first_s))
    return Strip(path, ends["first"].astimezone(UTC), ends["last"].astimezone(UTC), low, high)


def _path(rows: list[tuple[Any, ...]], low: float, high: float, step: float) -> str:
    """One upright bar for each stretch, from its lowest to its highest value."""
    extent = (high - low) or 1.0

    def y(value: float) -> float:
        return 2 + (HEIGHT - 4) * (1 - (value - low) / extent)

    width = WIDTH * step
    bars = [(min(WIDTH, row[0] * width), y(row[2]), max(1.5, y(row[1]) - y(row[2]))) for row in rows]
    return "".join(f"M{x:.1f} {top:.1f}h{width:.2f}v{tall:.1f}h-{width:.2f}z" for x, top, tall in bars)
