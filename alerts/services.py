"""The only place where an alert changes. Each change is one guarded UPDATE and one AlertEvent, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mlcore.models import Detection
from substations.models import Reading

from . import lifecycle
from .lifecycle import Move
from .models import Alert, AlertDetection, AlertEvent, Resolution
from .summary import Summary, summarise

Source = AlertEvent.Source


class Conflict(Exception):
    """Somebody else changed the alert first; nothing was written."""


# What detections say --------------------------------------------------------------------------------------------------


def unreviewed() -> list[Detection]:
    """Detections that no alert knows of yet, or that changed since, oldest first."""
    changed = Q(review__isnull=True) | Q(revision__gt=F("review__revision"))
    return list(Detection.objects.filter(changed).select_related("substation").order_by("start", "pk"))


def has_unreviewed() -> bool:
    return Detection.objects.filter(Q(review__isnull=True) | Q(revision__gt=F("review__revision"))).exists()


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
def review(detection: Detection, *, now: datetime) -> Alert | None:
    """Raise, update or clear the alert that stands for one detection.

    1. A detection that an alert already stands for updates that alert.
    2. Otherwise it joins the open alert of its key while that one is active, or if it is the same cause within a day.
    3. Otherwise an open alert that has cleared is superseded, and a new alert is raised; one whose end lies far behind
       the newest reading is recorded in the history at once.
    A detection withdrawn before anyone saw it raises nothing.
    """
    link = AlertDetection.objects.select_related("alert").filter(detection=detection).first()
    if link:
        AlertDetection.objects.filter(pk=link.pk).update(revision=detection.revision)
        return _refresh(link.alert, now=now)
    if detection.withdrawn_at:
        return None
    current = (
        Alert.objects.unresolved().filter(substation=detection.substation_id, kind=detection.kind).first()
    )
    if current and _belongs(detection, current):
        AlertDetection.objects.create(alert=current, detection=detection, revision=detection.revision)
        return _refresh(current, now=now)
    if current:
        _move(current, Move.SUPERSEDE, now=now, closure=Alert.Closure.SUPERSEDED)
    return _raise(detection, now=now)


def _belongs(detection: Detection, alert: Alert) -> bool:
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
    newest = Reading.objects.filter(substation=detection.substation_id).order_by("-at").values_list("at", flat=True).first()
    return newest is not None and newest - detection.end > timedelta(hours=settings.ALERT_LIVE_HOURS)


def _raise(detection: Detection, *, now: datetime) -> Alert:
    summary = summarise([detection])
    late = _is_retrospective(detection)
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
    _record(alert, Move.RECORD if late else Move.RAISE, before=None, severity_before=None, now=now)
    if not summary.is_active and not late:
        _record(alert, Move.CLEAR, before=alert.state, severity_before=alert.severity_now, now=now)
    return alert


def _refresh(alert: Alert, *, now: datetime) -> Alert:
    """Make an alert say what its detections say now, move by move."""
    summary = summarise([episode.detection for episode in alert.episodes.select_related("detection")])
    if alert.closed_at:
        if not summary.is_active and alert.condition == Alert.Condition.ACTIVE:
            _move(alert, Move.CLEAR, now=now, condition=Alert.Condition.CLEARED, cleared_at=summary.cleared_at)
        return alert
    for move in _moves(alert, summary):
        _move(alert, move, now=now, **_fields_of(move, summary, now, alert))
    _guarded_update(alert, **summary.as_fields())
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


def _fields_of(move: Move, summary: Summary, now: datetime, alert: Alert) -> dict[str, Any]:
    if move in (Move.ESCALATE, Move.EASE):
        return {"severity_now": summary.severity_now, "severity_peak": summary.severity_peak}
    if move is Move.CLEAR:
        return {"cleared_at": summary.cleared_at}
    return {"cleared_at": None} if move is Move.RETURN else {}


# What operators do ----------------------------------------------------------------------------------------------------


@transaction.atomic
def acknowledge(
    alert: Alert, *, by: User, note: str = "", version: int | None = None, source: Source = Source.WEB
) -> Alert:
    """Somebody is on it. An alert that had cleared and is not latched goes to the history.

    Raises:
        lifecycle.Refused: it is acknowledged already, or closed.
        Conflict: it is not at ``version`` any more.
    """
    now = timezone.now()
    _expect(alert, version)
    fields = {"acknowledged_by": by, "acknowledged_at": now, "acknowledge_note": note}
    return _move(alert, Move.ACKNOWLEDGE, now=now, by=by, comment=note, source=source, **fields)


@transaction.atomic
def unacknowledge(
    alert: Alert, *, by: User, note: str, version: int | None = None, source: Source = Source.WEB
) -> Alert:
    """Hand it back, with the reason."""
    _expect(alert, version)
    fields = {"acknowledged_by": None, "acknowledged_at": None, "acknowledge_note": ""}
    return _move(alert, Move.UNACKNOWLEDGE, now=timezone.now(), by=by, comment=note, source=source, **fields)


@transaction.atomic
def comment(alert: Alert, *, by: User, text: str, source: Source = Source.WEB) -> Alert:
    return _move(alert, Move.COMMENT, now=timezone.now(), by=by, comment=text, source=source)


@transaction.atomic
def resolve(
    alert: Alert,
    *,
    by: User,
    findings: Mapping[str, str],
    version: int | None = None,
    source: Source = Source.WEB,
) -> Alert:
    """Close an alert with what was found and done; ``findings`` are the fields of the resolution form.

    Resolving an alert whose cause is still present is allowed; it is looked at again after a while and reopened if the
    cause is still there. An outcome of false alarm is not looked at again.
    """
    now = timezone.now()
    _expect(alert, version)
    still_there = alert.condition == Alert.Condition.ACTIVE
    verify = still_there and findings["outcome"] != Resolution.Outcome.FALSE_ALARM
    resolution = Resolution.objects.create(
        alert=alert, resolved_by=by, resolved_at=now, while_active=still_there, **findings
    )
    _move(
        alert,
        Move.RESOLVE,
        now=now,
        by=by,
        source=source,
        comment=resolution.root_cause,
        closure=Alert.Closure.RESOLVED,
        verify_at=now + timedelta(minutes=settings.ALERT_VERIFY_MINUTES) if verify else None,
    )
    return alert


def verify_due() -> int:
    """Reopen alerts that were resolved while present and still are; how many came back."""
    now = timezone.now()
    reopened = 0
    for alert in Alert.objects.in_history().filter(verify_at__lte=now):
        try:
            reopened += _verify(alert, now=now)
        except (Conflict, IntegrityError):
            continue
    return reopened


@transaction.atomic
def _verify(alert: Alert, *, now: datetime) -> bool:
    newer = Alert.objects.unresolved().filter(substation=alert.substation_id, kind=alert.kind).exists()
    if alert.condition == Alert.Condition.CLEARED or newer:
        _guarded_update(alert, verify_at=None)
        return False
    resolution = alert.resolutions.select_related("resolved_by").first()
    who = resolution.resolved_by.get_username() if resolution else "?"
    _move(
        alert,
        Move.REOPEN,
        now=now,
        comment=_("Still present %(minutes)d min after %(who)s resolved it.")
        % {"minutes": settings.ALERT_VERIFY_MINUTES, "who": who},
        closure=Alert.Closure.OPEN,
        verify_at=None,
        acknowledged_by=None,
        acknowledged_at=None,
        acknowledge_note="",
        reopen_count=alert.reopen_count + 1,
    )
    return True


# How a change is written ----------------------------------------------------------------------------------------------


def _expect(alert: Alert, version: int | None) -> None:
    if version is not None and alert.version != version:
        raise Conflict(_("The alert has changed since this page was loaded: look at it again."))


def _move(
    alert: Alert,
    move: Move,
    *,
    now: datetime,
    by: User | None = None,
    comment: str = "",
    source: Source = Source.SYSTEM,
    **fields: Any,
) -> Alert:
    """Make one move of the table of ``lifecycle`` and record it."""
    before, severity_before = alert.lifecycle_state, alert.severity_now
    state = lifecycle.after(before, move, latched=alert.severity_peak >= Detection.Severity.CRITICAL)
    fields |= {
        "condition": state.condition.value,
        "acknowledged": state.acknowledged,
        "suppression": state.suppression.value,
        "closed_at": (alert.closed_at or now) if state.closed else None,
    }
    if state.closed and not alert.closure and "closure" not in fields:
        fields["closure"] = Alert.Closure.CLEARED
    _guarded_update(alert, **fields)
    _record(alert, move, before=before.word, severity_before=severity_before, now=now, by=by, comment=comment, source=source)
    return alert


def _guarded_update(alert: Alert, **fields: Any) -> None:
    """Write the fields unless another process changed the row since it was read."""
    fields["version"] = alert.version + 1
    rows = Alert.objects.filter(pk=alert.pk, version=alert.version).update(changed_at=timezone.now(), **fields)
    if rows != 1:
        raise Conflict(_("The alert was changed by somebody else at the same moment: look at it again."))
    for name, value in fields.items():
        setattr(alert, name, value)


def _record(
    alert: Alert,
    move: Move,
    *,
    before: lifecycle.Word | None,
    severity_before: int | None,
    now: datetime,
    by: User | None = None,
    comment: str = "",
    source: Source = Source.SYSTEM,
) -> None:
    last = alert.events.order_by("-seq").values_list("seq", flat=True).first() or 0
    AlertEvent.objects.create(
        alert=alert,
        seq=last + 1,
        at=now,
        event_time=_event_time(alert, move, now),
        actor=by,
        source=source,
        action=move,
        state_before=before or "",
        state_after=alert.state,
        severity_before=severity_before,
        severity_after=alert.severity_now,
        comment=comment,
        data={"loss_kwh": alert.loss_kwh, "detection": alert.detection_id, "version": alert.version},
    )


def _event_time(alert: Alert, move: Move, now: datetime) -> datetime:
    if move in (Move.RAISE, Move.RECORD, Move.RETURN):
        return alert.raised_at
    return (alert.cleared_at or now) if move is Move.CLEAR else now
