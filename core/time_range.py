"""The time range of a page, read from its URL in one place: ``?range=7d`` or ``?from=…&to=…``."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

RowT = TypeVar("RowT", bound=Model)
PRESETS = {
    "24h": (timedelta(hours=24), gettext_lazy("24 h")),
    "7d": (timedelta(days=7), gettext_lazy("7 days")),
    "30d": (timedelta(days=30), gettext_lazy("30 days")),
    "all": (None, gettext_lazy("All")),
}
# A day from the edges of what time zones can shift and arrays of nanoseconds can hold.
FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2199, 12, 30, tzinfo=UTC)


class Invalid(ValueError):
    """A part of the URL is no time range; the text says what was received and what was expected."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A preset, or exact times with ``preset`` empty; an open side is None. With an ``error`` the default stands in."""

    zone: tzinfo
    preset: str = ""
    start: datetime | None = None
    end: datetime | None = None
    error: str = ""
    is_default: bool = False

    @classmethod
    def parse(cls, query: Mapping[str, str], *, zone: tzinfo, default: str = "7d") -> TimeRange:
        """The range that ``query`` states; exact times without an offset are in ``zone``.

        A day as the end means the whole day. What cannot be read gives the ``default`` and an ``error`` to show.
        """
        try:
            return _read(query, zone, default)
        except Invalid as error:
            return cls(zone, preset=default, error=str(error), is_default=True)

    def bounds(self, newest: datetime | None) -> tuple[datetime | None, datetime | None]:
        """Start and end. A preset reaches back from ``newest``; without one it holds everything."""
        if not self.preset:
            return self.start, self.end
        length, _label = PRESETS[self.preset]
        return (newest - length if newest and length else None), None

    def within(self, rows: QuerySet[RowT], field: str, *, newest: datetime | None) -> QuerySet[RowT]:
        """The rows whose ``field`` lies in the range, both ends included."""
        start, end = self.bounds(newest)
        rows = rows.filter(**{f"{field}__gte": start}) if start else rows
        return rows.filter(**{f"{field}__lte": end}) if end else rows

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The parts of the URL that state this range; nothing for the default."""
        if self.preset:
            return [] if self.is_default else [("range", self.preset)]
        return [(name, value) for name, value in (("from", self.start_text), ("to", self.end_text)) if value]

    @property
    def query(self) -> str:
        """The same as text for a URL, the default too."""
        return urlencode([("range", self.preset)] if self.preset else self.fields)

    @property
    def presets(self) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, (_length, label) in PRESETS.items()]

    @property
    def start_text(self) -> str:
        """The start as ``<input type=datetime-local>`` takes it, in the range's zone."""
        return self._text(self.start)

    @property
    def end_text(self) -> str:
        return self._text(self.end)

    def _text(self, at: datetime | None) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%dT%H:%M}" if at else ""


def zone_for(request: HttpRequest, own: tzinfo) -> tzinfo:
    """The zone that the user chose for all pages, else ``own``, the zone of the site."""
    chosen = getattr(getattr(request.user, "preferences", None), "time_zone", "")
    return zoneinfo.ZoneInfo(chosen) if chosen else own


def _read(query: Mapping[str, str], zone: tzinfo, default: str) -> TimeRange:
    texts = {name: query.get(name, "").strip() for name in ("range", "from", "to")}
    if not (texts["from"] or texts["to"]):
        name = texts["range"] or default
        if name not in PRESETS:
            raise Invalid(
                _("“%(received)s” is not a range; expected %(expected)s, or “from” and “to”.")
                % {"received": name, "expected": ", ".join(PRESETS)}
            )
        return TimeRange(zone, preset=name, is_default=not texts["range"])
    start, end = _time(texts["from"], zone), _time(texts["to"], zone, is_end=True)
    if start and end and start >= end:
        raise Invalid(
            _("The range begins at %(start)s and ends before that, at %(end)s. Exchange the two.")
            % {"start": texts["from"], "end": texts["to"]}
        )
    return TimeRange(zone, start=start, end=end)


def _time(text: str, zone: tzinfo, *, is_end: bool = False) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if is_end and len(text) <= len("2026-03-02"):
            at = datetime.combine(at, time.max)
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        if not FIRST <= at <= LAST:
            raise ValueError(text)
    except (ValueError, OverflowError) as error:
        raise Invalid(
            _("“%(received)s” is not a time; expected a day such as 2026-03-02 or a time such as 2026-03-02T14:30.")
            % {"received": text[:40]}
        ) from error
    return at
