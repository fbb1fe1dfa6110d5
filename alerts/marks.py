"""What a list says of alerts that belong together: how many an alert silences, and which of them came first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from .models import Alert


@dataclass(frozen=True, slots=True)
class Mark:
    """suppresses: how many others are silent because of it. is_first: it was the first of them, itself included."""

    suppresses: int
    is_first: bool


def mark(alerts: Sequence[Alert]) -> Sequence[Alert]:
    """The same alerts, each with ``mark`` (a ``Mark``, or None where it stands alone). One query for all."""
    roots = {alert.pk for alert in alerts} | {each.suppressed_by_id for each in alerts if each.suppressed_by_id}
    silent = Alert.objects.unresolved().filter(suppressed_by__in=roots, suppression="by_design").order_by()
    found = silent.values("suppressed_by").annotate(
        count=Count("pk"), first=Min("raised_at"), began=Min("suppressed_by__raised_at")
    )
    groups = {each["suppressed_by"]: each for each in found}
    for alert in alerts:
        own = groups.get(alert.suppressed_by_id or alert.pk)
        first: datetime | None = min(own["first"], own["began"]) if own else None
        count = own["count"] if own and not alert.suppressed_by_id else 0
        alert.mark = Mark(count, alert.raised_at == first) if own else None
    return alerts
