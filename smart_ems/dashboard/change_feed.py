"""What has changed since somebody looked last, read from the rows themselves: no stage has to announce anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, Sum

from alerts.models import Alert
from ingestion.models import Upload
from mlcore.models import DetectorEvent, SensitivityReport, TrainingAttempt
from reports.models import Report
from substations.models import PendingRange, Substation, is_stale

OVERLAP = timedelta(seconds=30)
"""A row is stamped before its transaction ends: look back further than to the last look."""

MAX_NAMED = 200
"""With more changed substations than this, it is said only that there were many."""


@dataclass(frozen=True, slots=True)
class Change:
    """topics: kinds of rows that changed. substations: ids with new readings or changed alerts; None: too many."""

    topics: frozenset[str]
    substations: frozenset[int] | None = frozenset()

    def __bool__(self) -> bool:
        return bool(self.topics)


@dataclass
class Watch:
    """Remembers what it has seen; the first look finds nothing new."""

    _stamps: dict[tuple[str, int], Any] = field(default_factory=dict)
    _marks: dict[str, Any] = field(default_factory=dict)
    _looked: bool = False

    def look(self, now: datetime) -> Change:
        """What changed since the last look. Eight queries, however much there is."""
        since = now - OVERLAP
        arrived = Substation.objects.filter(received_at__gt=since).values_list("pk", "received_at")
        altered = Alert.objects.filter(changed_at__gt=since).values_list("pk", "version", "substation")
        readings = {pk for pk, at in list(arrived) if self._is_new("readings", pk, at)}
        alerts = {substation for pk, version, substation in list(altered) if self._is_new("alerts", pk, version)}
        topics = {name for name, found in (("readings", readings), ("alerts", alerts)) if found}
        topics |= {name for name, mark in _marks(now) if self._has_moved(name, mark)}
        self._forget(since)
        first, self._looked = not self._looked, True
        if first:
            return Change(frozenset())
        named = readings | alerts
        return Change(frozenset(topics), frozenset(named) if len(named) <= MAX_NAMED else None)

    def _is_new(self, topic: str, pk: int, stamp: Any) -> bool:
        known = self._stamps.get((topic, pk))
        self._stamps[topic, pk] = stamp
        return bool(known != stamp)

    def _has_moved(self, name: str, mark: Any) -> bool:
        before = self._marks.get(name)
        self._marks[name] = mark
        return bool(before != mark)

    def _forget(self, since: datetime) -> None:
        """Stamps that no look can find again."""
        self._stamps = {
            key: stamp for key, stamp in self._stamps.items() if not isinstance(stamp, datetime) or stamp > since
        }


def _stale(now: datetime) -> int:
    """Of how many substations several readings should have come since the last arrival."""
    heard = Substation.objects.filter(received_at__isnull=False).values_list("received_at", "reading_interval_s")
    return sum(is_stale(at, interval_s, now) for at, interval_s in heard if at)


def _marks(now: datetime) -> Iterable[tuple[str, Any]]:
    """Per topic a value that moves with every change of its rows."""
    # What is too old to speak of the present goes grey although nothing came.
    yield "readings", _stale(now)
    yield "scores", PendingRange.objects.aggregate(Count("pk"), Max("pk"))
    yield (
        "uploads",
        Upload.objects.aggregate(Max("pk"), Max("progress_at"), Max("finished_at"), Sum("attempts"), Sum("bytes_done")),
    )
    to_mail = Count("pk", filter=Q(mail="waiting"))
    yield (
        "reports",
        Report.objects.aggregate(Max("pk"), Sum("progress_pct"), Sum("attempts"), Max("finished_at"), to_mail=to_mail),
    )
    events = DetectorEvent.objects.aggregate(Max("pk"))
    trainings = TrainingAttempt.objects.aggregate(Max("requested_at"), Max("claimed_until"))
    failed = Count("pk", filter=~Q(failure=""))
    sensitivity = SensitivityReport.objects.aggregate(
        Max("requested_at"), Max("worked_out_at"), Sum("progress_pct"), failed=failed
    )
    yield "models", (events, trainings, sensitivity)
