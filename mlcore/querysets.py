"""Questions asked of detectors, scores and detections, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from core.site_rights import SiteQuerySet
from substations.querysets import ROWS_AT_ONCE, EpochSeconds, ReadingArrays

if TYPE_CHECKING:
    from .models import Detection, Detector, Score  # noqa: F401  # named as text below


REMEMBERED = timedelta(hours=30)
"""Chosen: the alarm behind a detection stays on for as long as its longest window (24 h) remembers, with margin."""


class DetectorQuerySet(SiteQuerySet["Detector"]):
    def active(self) -> DetectorQuerySet:
        return self.filter(is_active=True)

    def without_artifact(self) -> DetectorQuerySet:
        """For lists: the weights stay in the database."""
        return self.defer("arrays", "meta")


class ScoreQuerySet(SiteQuerySet["Score"]):
    def between(self, start: datetime | None, end: datetime | None) -> ScoreQuerySet:
        bounded = self.filter(at__gte=start) if start else self.all()
        return bounded.filter(at__lte=end) if end else bounded

    def as_arrays(self, names: Sequence[str]) -> ReadingArrays:
        """Scores as columns, ordered by substation and time."""
        rows = self.order_by("substation_id", "at").values_list("substation_id", EpochSeconds("at"), *names)
        return ReadingArrays.from_rows(rows.iterator(ROWS_AT_ONCE), len(names))


class DetectionQuerySet(SiteQuerySet["Detection"]):
    def not_withdrawn(self) -> DetectionQuerySet:
        return self.filter(withdrawn_at__isnull=True)

    def abnormal(self) -> DetectionQuerySet:
        """Those during which something is wrong: without information about what is new and in order."""
        return self.exclude(kind="info")

    def ongoing(self) -> DetectionQuerySet:
        return self.not_withdrawn().filter(end__isnull=True)

    def of_readings(self) -> DetectionQuerySet:
        """Those that readings show, and not that there are none."""
        return self.exclude(kind="data_missing")

    def touching(self, start: datetime | None, end: datetime | None) -> DetectionQuerySet:
        """Detections that overlap [start, end]; an open side is None."""
        kept = self.filter(Q(end__isnull=True) | Q(end__gte=start)) if start else self.all()
        return kept.filter(start__lte=end) if end else kept

    def remembered(self, start: datetime, end: datetime | None) -> DetectionQuerySet:
        """As ``touching``, with those that ended shortly before: the same episode may be back."""
        return self.touching(start - REMEMBERED, end)
