"""A small grid and its findings, as the list of alerts meets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from alerts import review, services
from alerts.models import Alert, AlertEvent
from mlcore.models import Detection
from substations.models import Substation

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WARNING, CRITICAL = Detection.Severity.WARNING, Detection.Severity.CRITICAL
FINDINGS = {
    "classification": "capacitor_failure",
    "root_cause": "Fuse of step 3 blown",
    "corrective_action": "Fuse replaced",
    "preventive_strategy": "Check the fuses each quarter",
    "outcome": "fully_resolved",
}
Cast = Callable[[str], User]


def station(code: str = "SS-01") -> Substation:
    return Substation.objects.get_or_create(code=code, defaults={"name": "North yard"})[0]


def detected(substation: Substation | None = None, **values: Any) -> Detection:
    """A detection of a capacitor failure that goes on, unless ``values`` say otherwise."""
    fields: dict[str, Any] = {
        "kind": "loss", "cause": "capacitor_failure", "severity": WARNING, "start": START, "peak": START,
        "loss_kwh": 12.5, "loss_low_kwh": 10.0, "loss_high_kwh": 15.0, "loss_pct": 9.0, "score": 1.6,
        "confidence": 0.8, "reason": "Reactive power is 90 kvar above what is expected.",
    }  # fmt: skip
    fields |= values
    fields["peak"] = max(fields["peak"], fields["start"])
    return Detection.objects.create(substation=substation or station(), **fields)


def revised(detection: Detection | None, **values: Any) -> Detection:
    """The detection as the next scoring would leave it."""
    assert detection is not None
    for name, value in values.items():
        setattr(detection, name, value)
    detection.revision += 1
    detection.save()
    return detection


def reviewed(detection: Detection | None) -> Alert:
    assert detection is not None
    return review.review(detection, now=timezone.now())


def raised(code: str = "SS-01", **values: Any) -> Alert:
    """An open alert."""
    return reviewed(detected(station(code), **values))


def cleared(alert: Alert, after: timedelta = HOUR) -> Alert:
    """The alert after every episode of it has ended."""
    for episode in alert.episodes.select_related("detection"):
        if episode.detection.is_open:
            revised(episode.detection, end=episode.detection.start + after)
    review.review_changed()
    return fresh(alert)


def resolved(alert: Alert, by: User, **findings: str) -> Alert:
    services.resolve(fresh(alert), by=by, findings=FINDINGS | findings)
    return fresh(alert)


def fresh(alert: Alert) -> Alert:
    return Alert.objects.get(pk=alert.pk)


def actions(alert: Alert) -> list[str]:
    return list(AlertEvent.objects.filter(alert=alert).order_by("seq").values_list("action", flat=True))
