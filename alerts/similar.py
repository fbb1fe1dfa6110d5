"""Earlier episodes like one that an operator looks at, with what they turned out to be. Only stored rows are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.db.models import Case, IntegerField, Value, When

from .models import Alert

# chosen: the newest are looked at; older ones tell of another grid.
LOOKED_AT = 40
# chosen: a cosine; below it the contributing factors differ visibly.
MIN_LIKENESS = 0.8


def similar(alert: Alert, *, most: int = 4) -> list[Alert]:
    """Closed alerts of the same cause: of the same substation first, then of others with alike contributions."""
    here = Case(When(substation=alert.substation_id, then=Value(0)), default=Value(1), output_field=IntegerField())
    past = (
        Alert.objects.in_history()
        .filter(cause=alert.cause)
        .exclude(pk=alert.pk)
        .exclude(closure=Alert.Closure.WITHDRAWN)
        .select_related("substation", "detection")
        .prefetch_related("resolutions")
        .order_by(here, "-raised_at")[:LOOKED_AT]
    )
    mine = _contributions(alert)
    ranked = [(_likeness(mine, _contributions(each)), each) for each in past]
    same = [each for _likeness_, each in ranked if each.substation_id == alert.substation_id]
    others = [pair for pair in ranked if pair[1].substation_id != alert.substation_id and pair[0] >= MIN_LIKENESS]
    others.sort(key=lambda pair: -pair[0])
    return [*same[: most - 1], *(each for _likeness_, each in others)][:most]


def _contributions(alert: Alert) -> Mapping[str, Any]:
    found: Mapping[str, Any] = alert.detection.evidence.get("contributions", {}) if alert.detection else {}
    return found


def _likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Cosine between two sets of contributions: 1 for the same channels in the same parts, 0 for none in common."""
    product = sum(float(one[name]) * float(other[name]) for name in one.keys() & other.keys())
    lengths = [math.sqrt(sum(float(part) ** 2 for part in each.values())) for each in (one, other)]
    return product / (lengths[0] * lengths[1]) if all(lengths) else 0.0
