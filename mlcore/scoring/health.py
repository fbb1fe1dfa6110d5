"""Whether scoring keeps up, for load balancers' monitoring and the staff page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from mlcore.models import ScoringFailure
from substations.models import PendingRange

MAX_LAG = timedelta(minutes=5)
"""Chosen: several times what scoring takes after an arrival (docs/engine.md)."""


@dataclass(frozen=True, slots=True)
class ScoringHealth:
    """state: failing where a substation cannot be judged, lagging where readings wait too long, else ok.

    failing: substations that cannot be judged. waiting: pending ranges of all others, the oldest came at ``oldest_at``.
    """

    state: str
    failing: int
    waiting: int
    oldest_at: datetime | None


def scoring_health(now: datetime) -> ScoringHealth:
    """How scoring stands; two queries."""
    failing = ScoringFailure.objects.count()
    others = Q(substation__scoring_failure__isnull=True)
    pending = PendingRange.objects.aggregate(
        waiting=Count("pk", filter=others), oldest=Min("created_at", filter=others)
    )
    oldest: datetime | None = pending["oldest"]
    is_late = oldest is not None and now - oldest > MAX_LAG
    state = "failing" if failing else "lagging" if is_late else "ok"
    return ScoringHealth(state, failing, pending["waiting"], oldest)
