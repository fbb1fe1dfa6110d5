"""What an alert says, computed from the detections it stands for. Pure: model instances in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlcore.models import Detection

EXPLAINED = ("code", "figures")
"""What a sentence is made of: an alert keeps its own copy, since a closed one keeps what it said."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The alert's fields that follow from its detections."""

    shown: Detection
    is_active: bool
    is_withdrawn: bool
    severity_now: int
    severity_peak: int
    raised_at: datetime
    cleared_at: datetime | None
    loss_kwh: float | None
    loss_low_kwh: float | None
    loss_high_kwh: float | None
    occurrences: int
    starts: tuple[datetime, ...]

    def as_fields(self) -> dict[str, Any]:
        return {
            "cause": self.shown.cause,
            "severity_now": self.severity_now,
            "severity_peak": self.severity_peak,
            "condition": "active" if self.is_active else "cleared",
            "raised_at": self.raised_at,
            "peak_at": self.shown.peak,
            "cleared_at": self.cleared_at,
            "detection": self.shown,
            "loss_kwh": self.loss_kwh,
            "loss_low_kwh": self.loss_low_kwh,
            "loss_high_kwh": self.loss_high_kwh,
            "loss_pct": self.shown.loss_pct,
            "score": self.shown.score,
            "confidence": self.shown.confidence,
            "reason": self.shown.reason,
            "explanation": {name: self.shown.evidence[name] for name in EXPLAINED if name in self.shown.evidence},
            "occurrences": self.occurrences,
        }


def summarise(detections: Sequence[Detection]) -> Summary:
    """Sum up detections of one key: the shown one is the worst that goes on (of equals the one
    that has lasted longest), else the one that ended last.

    Raises:
        ValueError: there is no detection to sum up.
    """
    if not detections:
        raise ValueError("An alert stands for at least one detection; received none.")
    current = [each for each in detections if each.withdrawn_at is None] or list(detections)
    ongoing = [each for each in current if each.is_open]
    shown = max(ongoing, key=_urgency) if ongoing else max(current, key=lambda each: _ended(each))
    return Summary(
        shown=shown,
        is_active=bool(ongoing),
        is_withdrawn=all(each.withdrawn_at is not None for each in detections),
        severity_now=max(each.severity for each in ongoing) if ongoing else shown.severity,
        severity_peak=max(each.severity for each in current),
        raised_at=min(each.start for each in current),
        cleared_at=None if ongoing else max(_ended(each) for each in current),
        loss_kwh=_total(each.loss_kwh for each in current),
        loss_low_kwh=_total(each.loss_low_kwh for each in current),
        loss_high_kwh=_total(each.loss_high_kwh for each in current),
        occurrences=sum(each.occurrences for each in current),
        starts=tuple(sorted(start for each in current for start in each.starts)),
    )


def _urgency(detection: Detection) -> tuple[int, float, float]:
    return detection.severity, detection.loss_kwh or 0.0, -detection.start.timestamp()


def _ended(detection: Detection) -> datetime:
    return detection.end or detection.withdrawn_at or detection.start


def _total(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
