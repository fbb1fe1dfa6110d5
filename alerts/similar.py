"""Earlier episodes like one that an operator looks at, with what they turned out to be. Only stored rows are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .models import Alert

# chosen: the newest are looked at; older ones tell of another grid.
LOOKED_AT = 40
# chosen: a cosine; below it the contributing factors differ visibly.
MIN_LIKENESS = 0.8


def similar(alert: Alert, *, most: int = 4) -> list[Alert]:
    """Closed alerts of the same cause: of the same substation first, then of others with alike contributions."""
    past = (
        Alert.objects.in_history()
        .filter(cause=alert.cause)
        .exclude(pk=alert.pk)
        .exclude(closure=Alert.Closure.WITHDRAWN)
        .select_related("substation", "detection")
        .prefetch_related("resolutions")
        .order_by("-raised_at")
    )
    # One after the other: sorted together, the database would read every alert there ever was.
    same = list(past.filter(substation=alert.substation_id)[: most - 1])
    mine = _contributions(alert)
    elsewhere = past.exclude(substation=alert.substation_id)[:LOOKED_AT]
    ranked = [(_likeness(mine, _contributions(each)), each) for each in elsewhere]
    others = sorted((pair for pair in ranked if pair[0] >= MIN_LIKENESS), key=lambda pair: -pair[0])
    return [*same, *(each for _likeness_, each in others)][:most]


def _contributions(alert: Alert) -> Mapping[str, Any]:
    found: Mapping[str, Any] = alert.detection.evidence.get("contributions", {}) if alert.detection else {}
    return found


def _likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Cosine between two sets of contributions: 1 for the same channels in the same parts, 0 for none in common."""
    product = sum(float(one[name]) * float(other[name]) for name in one.keys() & other.keys())
    lengths = [math.sqrt(sum(float(part) ** 2 for part in each.values())) for each in (one, other)]
    return product / (lengths[0] * lengths[1]) if all(lengths) else 0.0
