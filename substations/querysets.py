"""Questions asked of the grid's tables, in words."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery

from core.leases import Leased, LeasedQuerySet
from core.site_rights import SiteQuerySet

from .channels import CHANNEL_NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .models import Link, PendingRange, PlannedWork, Reading, Substation  # noqa: F401 (named as text below)

RangeModel = TypeVar("RangeModel", bound=Leased)

# chosen: a few megabytes of Python objects at a time.
ROWS_AT_ONCE = 20_000
# chosen: a tenth of a second, a few megabytes.
ROWS_OF_A_PIECE = 5000


class SubstationQuerySet(SiteQuerySet["Substation"]):
    def with_latest_reading_at(self) -> SubstationQuerySet:
        """Annotate ``latest_at``: one index probe per substation, not a scan of the readings."""
        from .models import Reading

        newest = Reading.objects.filter(substation=OuterRef("pk")).order_by("-at").values("at")[:1]
        return self.annotate(latest_at=Subquery(newest))

    def with_newest_reading(self, *channels: str) -> SubstationQuerySet:
        """Those that have readings, annotated with ``latest_at`` and the channels of their newest reading."""
        from .models import Reading

        newest = Reading.objects.filter(substation=OuterRef("pk")).order_by("-at").values("at")[:1]
        found = self.filter(readings__at=Subquery(newest)).annotate(latest_at=F("readings__at"))
        return found.annotate(**{f"newest_{name}": F(f"readings__{name}") for name in channels})

    def reporting(self) -> SubstationQuerySet:
        """Those that have readings, annotated with ``latest_at``."""
        annotated = self.with_latest_reading_at()
        return annotated.filter(Q(latest_at__isnull=False))

    def newest_times(self) -> list[tuple[int, datetime, int]]:
        """Id, time of the newest reading and reading interval (s) of those that have readings."""
        rows: Any = self.reporting()
        return list(rows.values_list("pk", "latest_at", "reading_interval_s"))

    def matching(self, text: str) -> SubstationQuerySet:
        return self.filter(Q(code__icontains=text) | Q(name__icontains=text) | Q(site__icontains=text))


class LinkQuerySet(SiteQuerySet["Link"]):
    def closed(self) -> LinkQuerySet:
        return self.filter(status="closed")


class ReadingQuerySet(SiteQuerySet["Reading"]):
    def for_substation(self, substation: Substation | int) -> ReadingQuerySet:
        return self.filter(substation=substation)

    def between(self, start: datetime | None, end: datetime | None) -> ReadingQuerySet:
        """Readings with ``start <= at <= end``; an open side is None."""
        bounded = self.filter(at__gte=start) if start else self.all()
        return bounded.filter(at__lte=end) if end else bounded

    def newest(self, count: int) -> ReadingQuerySet:
        return self.order_by("-at")[:count]

    def in_pieces(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """The time and these columns of one substation's rows, by time; each piece is a query of its own.

        So nothing stays open in the database while a slow receiver takes what was read.
        """
        rows = self.order_by("at").values_list("at", *names)
        piece = list(rows[:ROWS_OF_A_PIECE])
        while piece:
            yield from piece
            piece = list(rows.filter(at__gt=piece[-1][0])[:ROWS_OF_A_PIECE])

    def as_arrays(self, channels: Sequence[str] = CHANNEL_NAMES) -> ReadingArrays:
        """The rows as columns, ordered by substation and time; one pass, no model instances."""
        rows = self.order_by("substation_id", "at").values_list("substation_id", EpochSeconds("at"), *channels)
        return ReadingArrays.from_rows(rows.iterator(ROWS_AT_ONCE), len(channels))


class EpochSeconds(models.Func):
    """Whole seconds since 1970 of a time: with a ``datetime`` for each of very many rows, these would take longest."""

    output_field = models.BigIntegerField()

    def get_db_converters(self, connection: Any) -> list[Any]:
        return []  # both databases answer with an integer; to say int() of each would take a third of the time

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint")


class ReadingArrays:
    """Readings as arrays: ``substation_id`` [row], ``at_s`` [row] (UTC epoch seconds), ``values`` [row, channel]."""

    def __init__(self, substation_id: NDArray[np.int64], at_s: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        self.substation_id, self.at_s, self.values = substation_id, at_s, values

    def __len__(self) -> int:
        return len(self.at_s)

    @classmethod
    def from_rows(cls, rows: Iterator[tuple[Any, ...]], channel_count: int) -> ReadingArrays:
        """Piece by piece: as Python objects a million rows would take a gigabyte."""
        parts = [np.empty((0, 2 + channel_count))]
        while piece := list(islice(rows, ROWS_AT_ONCE)):
            parts.append(np.array(piece, dtype=np.float64))  # None becomes NaN; ids and seconds stay exact
        whole = np.concatenate(parts)
        return cls(whole[:, 0].astype(np.int64), whole[:, 1].astype(np.int64), np.ascontiguousarray(whole[:, 2:]))


class RangeQuerySet(LeasedQuerySet[RangeModel]):
    """Stretches of readings that somebody has to work at."""

    def of_no_substation(self) -> Self:
        """Those that somebody left while their substation was deleted; the database does not check that."""
        from .models import Substation

        return self.filter(~Exists(Substation._base_manager.filter(pk=OuterRef("substation_id"))))


class PendingRangeQuerySet(RangeQuerySet["PendingRange"]):
    def claim_all_of(self, substation_ids: Sequence[int], *, now: datetime) -> uuid.UUID | None:
        """Take every unclaimed range of these substations, or none: the token that names the claim, or None.

        While somebody judges these substations, what arrives waits: of two results the older might be written last.
        """
        theirs = self.filter(substation_id__in=substation_ids)
        if theirs.filter(claimed_until__gte=now).exists():
            return None
        return theirs.claim(now=now)


class PlannedWorkQuerySet(SiteQuerySet["PlannedWork"]):
    def touching(self, start: datetime, end: datetime) -> PlannedWorkQuerySet:
        """Work that overlaps [start, end]."""
        return self.filter(start__lte=end, end__gte=start)

    def at(self, moment: datetime) -> PlannedWorkQuerySet:
        """Work that goes on at a moment: from its start up to, but not at, its end."""
        return self.filter(start__lte=moment, end__gt=moment)
