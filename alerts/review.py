"""What detections say: raise, update, clear and supersede alerts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from mlcore.models import Detection
from substations.models import Reading

from .changes import Conflict, guarded_update, move, record
from .lifecycle import Move
from .models import Alert, AlertDetection
from .summary import Summary, summarise

NOT_REVIEWED = Q(review__isnull=True, withdrawn_at__isnull=True) | Q(revision__gt=F("review__revision"))


def unreviewed() -> list[Detection]:
    """Detections that no alert knows of yet, or that changed since, oldest first."""
    return list(Detection.objects.filter(NOT_REVIEWED).select_related("substation").order_by("start", "pk"))


def has_unreviewed() -> bool:
    return Detection.objects.filter(NOT_REVIEWED).exists()


def review_changed() -> int:
    """Bring the alerts in line with every changed detection; how many were looked at.

    Two workers may run this at once: the loser of a race writes nothing and the next round does its part.
    """
    found = unreviewed()
    for detection in found:
        try:
            review(detection, now=timezone.now())
        except (Conflict, IntegrityError):
            continue
    return len(found)


@transaction.atomic
def review(detection: Detection, *, now: datetime) -> Alert:
    """Raise, update or clear the alert that stands for one detection.

    1. A detection that an alert already stands for updates that alert.
    2. Otherwise it joins the open alert of its key while that one is active, or if it is the same cause within a day.
    3. Otherwise, if it was over before the open alert began, it is recorded in the history.
    4. Otherwise an open alert that has cleared is superseded, and a new alert is raised; one whose end lies far behind
       the newest reading is recorded in the history at once.
    """
    link = AlertDetection.objects.select_related("alert").filter(detection=detection).first()
    if link:
        AlertDetection.objects.filter(pk=link.pk).update(revision=detection.revision)
        return _refresh(link.alert, now=now)
    current = Alert.objects.unresolved().filter(substation=detection.substation_id, kind=detection.kind).first()
    if current is None:
        return _raise(detection, now=now, late=_is_retrospective(detection))
    if detection.end is not None and detection.end < current.raised_at:
        return _raise(detection, now=now, late=True)
    if _belongs(detection, current):
        AlertDetection.objects.create(alert=current, detection=detection, revision=detection.revision)
        return _refresh(current, now=now)
    move(current, Move.SUPERSEDE, now=now, closure=Alert.Closure.SUPERSEDED)
    return _raise(detection, now=now, late=_is_retrospective(detection))


def _belongs(detection: Detection, alert: Alert) -> bool:
    """Whether a detection is part of what an open alert is about: both last, or the same cause is back within a day."""
    if alert.condition == Alert.Condition.ACTIVE:
        return True
    joined_for = timedelta(hours=settings.ALERT_REJOIN_HOURS)
    return (
        alert.cause == detection.cause
        and alert.cleared_at is not None
        and detection.start - alert.cleared_at <= joined_for
    )


def _is_retrospective(detection: Detection) -> bool:
    if detection.end is None:
        return False
    newest = (
        Reading.objects.filter(substation=detection.substation_id).order_by("-at").values_list("at", flat=True).first()
    )
    return newest is not None and newest - detection.end > timedelta(hours=settings.ALERT_LIVE_HOURS)


def _raise(detection: Detection, *, now: datetime, late: bool) -> Alert:
    summary = summarise([detection])
    alert = Alert(
        substation_id=detection.substation_id,
        kind=detection.kind,
        detected_at=now,
        closed_at=now if late else None,
        closure=Alert.Closure.RETROSPECTIVE if late else Alert.Closure.OPEN,
        **summary.as_fields(),
    )
    alert.save(force_insert=True)
    AlertDetection.objects.create(alert=alert, detection=detection, revision=detection.revision)
    record(alert, Move.RECORD if late else Move.RAISE, before=None, severity_before=None, now=now)
    if not summary.is_active and not late:
        record(alert, Move.CLEAR, before=alert.state, severity_before=alert.severity_now, now=now)
    return alert


def _refresh(alert: Alert, *, now: datetime) -> Alert:
    """Make an alert say what its detections say now, move by move."""
    summary = summarise([episode.detection for episode in alert.episodes.select_related("detection")])
    if alert.closed_at:
        if not summary.is_active and alert.condition == Alert.Condition.ACTIVE:
            move(alert, Move.CLEAR, now=now, condition=Alert.Condition.CLEARED, cleared_at=summary.cleared_at)
        return alert
    for step in _moves(alert, summary):
        move(alert, step, now=now, **_fields_of(step, summary))
    guarded_update(alert, **summary.as_fields())
    return alert


def _moves(alert: Alert, summary: Summary) -> list[Move]:
    moves = []
    if summary.is_active and alert.condition == Alert.Condition.CLEARED:
        moves.append(Move.RETURN)
    if summary.severity_now > alert.severity_now:
        moves.append(Move.ESCALATE)
    elif summary.severity_now < alert.severity_now:
        moves.append(Move.EASE)
    if not summary.is_active and alert.condition == Alert.Condition.ACTIVE:
        moves.append(Move.CLEAR)
    return moves


def _fields_of(step: Move, summary: Summary) -> dict[str, Any]:
    if step in (Move.ESCALATE, Move.EASE):
        return {"severity_now": summary.severity_now, "severity_peak": summary.severity_peak}
    if step is Move.CLEAR:
        return {"cleared_at": summary.cleared_at}
    return {"cleared_at": None} if step is Move.RETURN else {}
