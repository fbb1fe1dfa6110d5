"""What detections say: raise, update, clear and supersede alerts."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.retries import DATABASE_AWAY, log_failure
from mlcore.models import Detection
from substations.models import Reading

from . import planned, suppression
from .changes import Conflict, apply, guarded_update, record
from .chattering import CHATTERS_FROM, chatters, is_quiet, off_delay
from .common_causes import TRAVELS_DOWN
from .feeder_networks import read_network
from .holds import hold_of
from .lifecycle import Condition, Transition
from .models import Alert, AlertDetection, Resolution, ReviewFailure
from .summary import Summary, summarise

logger = logging.getLogger(__name__)
REOPENS = (Alert.Closure.CLEARED, Alert.Closure.RESOLVED)
NOT_REVIEWED = Q(review__isnull=True, withdrawn_at__isnull=True) | Q(revision__gt=F("review__revision"))


def _not_reviewed() -> QuerySet[Detection]:
    """Those without the ones that could not be reviewed and whose next attempt is still to come.

    Information asks nothing of an operator: it raises no alert.
    """
    changed = Detection.objects.filter(NOT_REVIEWED).abnormal()
    return changed.exclude(review_failure__retry_at__gt=timezone.now())


def unreviewed() -> list[Detection]:
    """Detections that no alert knows of yet, or that changed since: of an outage what is upstream first, then oldest.

    So the alert that explains others is there when those are raised.
    """
    changed = list(_not_reviewed().select_related("substation").order_by("start", "pk"))
    if sum(each.cause in TRAVELS_DOWN for each in changed) < 2:
        return changed
    network = read_network()
    return sorted(changed, key=lambda each: len(network.upstream(each.substation_id)))


def has_unreviewed() -> bool:
    return _not_reviewed().exists()


def review_changed() -> int:
    """Bring the alerts in line with every changed detection and with planned work; how many detections were looked at.

    Two workers may run this at once: the loser of a race writes nothing and the next round does its part. A detection
    that cannot be reviewed stops no other one: why is stored (``ReviewFailure``), and it is tried again later.
    """
    changed = unreviewed()
    failed_before = set(ReviewFailure.objects.values_list("pk", flat=True))
    for detection in changed:
        if _review_alone(detection) and detection.pk in failed_before:
            ReviewFailure.objects.succeeded([detection.pk])
    planned.follow(now=timezone.now())
    suppression.follow(now=timezone.now())
    return len(changed)


def _review_alone(detection: Detection) -> bool:
    """Review one detection, in a savepoint of its own; whether that succeeded."""
    try:
        _review_twice(detection)
    except Conflict:  # another worker or an operator was faster
        return False
    except (*DATABASE_AWAY, MemoryError):
        raise
    except Exception as error:  # whatever it is, it is this detection's
        log_failure(logger, f"Detection {detection.pk} of {detection.substation.code} cannot be reviewed", error)
        ReviewFailure.objects.record({detection.pk: error})
        return False
    return True


def _review_twice(detection: Detection) -> None:
    """Who lost a race for the one open alert of a key finds it there the second time."""
    try:
        review(detection, now=timezone.now())
    except IntegrityError:
        review(detection, now=timezone.now())


@transaction.atomic
def review(detection: Detection, *, now: datetime) -> Alert:
    """Raise, update or clear the alert that stands for one detection.

    1. A detection that an alert already stands for updates that alert.
    2. Otherwise it joins the open alert of its key while that one is active, or if it is the same cause within a day.
    3. Otherwise it opens the alert again that closed with this cause minutes ago, unless that was a false alarm.
    4. Otherwise, if it was over before the open alert began, or long before the newest reading, it is recorded in the
       history.
    5. Otherwise an open alert that has cleared is superseded, and a new alert is raised.
    """
    detection = Detection.objects.select_related("substation").get(pk=detection.pk)  # the copy in hand may be old
    link = AlertDetection.objects.select_related("alert").filter(detection=detection).first()
    if link is None and detection.withdrawn_at is not None:
        raise Conflict(_("It was withdrawn before it was reviewed."))
    if link:
        AlertDetection.objects.filter(pk=link.pk).update(revision=detection.revision)
        return refresh(link.alert, now=now)
    current = _open_alert(detection.substation_id, detection.kind)
    if current is None and (closed := _just_closed(detection)):
        AlertDetection.objects.create(alert=closed, detection=detection, revision=detection.revision)
        return refresh(closed, now=now)
    if current is None:
        return _raise(detection, now=now, late=_is_retrospective(detection))
    if detection.end is not None and detection.end < current.raised_at:
        return _raise(detection, now=now, late=True)
    if _belongs(detection, current):
        AlertDetection.objects.create(alert=current, detection=detection, revision=detection.revision)
        return refresh(current, now=now)
    if _is_retrospective(detection):
        return _raise(detection, now=now, late=True)
    apply(current, Transition.SUPERSEDE, now=now, closure=Alert.Closure.SUPERSEDED)
    return _raise(detection, now=now, late=False)


def _just_closed(detection: Detection) -> Alert | None:
    """The closed alert of its key and cause that cleared ``ALERT_REOPEN_MINUTES`` or less before it began."""
    if not detection.is_open:
        return None
    since = detection.start - timedelta(minutes=settings.ALERT_REOPEN_MINUTES)
    closed = Alert.objects.filter(substation=detection.substation_id, kind=detection.kind, cause=detection.cause)
    ended = closed.filter(closure__in=REOPENS, cleared_at__gte=since, cleared_at__lte=detection.start)
    alert = ended.order_by("-cleared_at").first()
    return None if alert is None or _was_false_alarm(alert) else alert


def _open_alert(substation_id: int, kind: str) -> Alert | None:
    return Alert.objects.unresolved().filter(substation=substation_id, kind=kind).first()


def _belongs(detection: Detection, alert: Alert) -> bool:
    """Whether a detection is part of what an open alert is about: both last, or the same cause is back within a day."""
    if alert.condition == Condition.ACTIVE:
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


def is_fleeting(detection: Detection) -> bool:
    """A warning that was over before anybody was told, within the on-delay: counted, and not shown."""
    if detection.end is None or detection.severity >= Detection.Severity.CRITICAL:
        return False
    return detection.end - detection.start < timedelta(minutes=settings.ALERT_FLEETING_MINUTES)


def _raise(detection: Detection, *, now: datetime, late: bool) -> Alert:
    closure = Alert.Closure.RETROSPECTIVE if late else Alert.Closure.OPEN
    if not late and is_fleeting(detection):
        late, closure = True, Alert.Closure.FLEETING
    summary = summarise([detection])
    fields = summary.as_fields()
    if not late:
        fields |= {"condition": Condition.ACTIVE, "cleared_at": None}  # every alert begins active
    alert = Alert(
        substation_id=detection.substation_id,
        kind=detection.kind,
        detected_at=now,
        closed_at=now if late else None,
        closure=closure,
        **fields,
    )
    alert.save(force_insert=True)
    AlertDetection.objects.create(alert=alert, detection=detection, revision=detection.revision)
    transition = Transition.RECORD if late else Transition.RAISE
    hold = None if late else hold_of(alert, now=now)
    quiet = hold is not None
    record(alert, transition, before=None, severity_before=None, now=now, event_time=alert.raised_at, quiet=quiet)
    if hold:
        hold.put_on(alert, now=now)
    if not late and not summary.is_active:
        _apply(alert, Transition.CLEAR, summary, now=now)
    return alert


def refresh(alert: Alert, *, now: datetime) -> Alert:
    """Make an alert say what its detections say now, transition by transition.

    A closed alert keeps what it said. It follows the end of its episode, and opens again when the episode turns out to
    go on: unless it was a false alarm, or there is an open alert by now, which then stands for the episode too.
    """
    summary = summarise([episode.detection for episode in alert.episodes.select_related("detection")])
    if alert.closed_at:
        return _refresh_closed(alert, summary, now=now)
    figures = _figures(alert, summary, now=now)
    for transition in _transitions(alert, summary, is_held=figures["clear_due_at"] is not None):
        _apply(alert, transition, summary, now=now, quiet=figures["chattering_count"] > 0)
    if alert.cause != summary.shown.cause:
        figures["version"] = alert.version + 1  # whoever looks at it decides about another cause
    guarded_update(alert, **figures)
    if summary.is_withdrawn and alert.closed_at is None and not (alert.acknowledged and alert.is_critical):
        # Nothing is left to be done; only who has taken on a critical alert is not deprived of it.
        apply(alert, Transition.WITHDRAW, now=now, closure=Alert.Closure.WITHDRAWN, comment=_withdrawn_because())
    return alert


def _figures(alert: Alert, summary: Summary, *, now: datetime) -> dict[str, Any]:
    """What the alert says; a clearing that is held back leaves it active."""
    figures = summary.as_fields() | {"severity_peak": max(alert.severity_peak, summary.severity_peak)}
    count = _chattering(alert, summary, now=now)
    due = None
    if alert.condition == Condition.ACTIVE and summary.cleared_at and not summary.is_withdrawn:
        due = summary.cleared_at + off_delay(count)
    is_held = due is not None and due > now
    if is_held:
        figures |= {"condition": Condition.ACTIVE, "cleared_at": None}
    return figures | {"chattering_count": count, "clear_due_at": due if is_held else None}


def _chattering(alert: Alert, summary: Summary, *, now: datetime) -> int:
    """How often it came within a short time; 0 where it does not chatter."""
    if len(summary.starts) < CHATTERS_FROM:
        return 0
    interval = timedelta(seconds=alert.substation.reading_interval_s)
    is_over = is_quiet(summary.starts, summary.cleared_at, now, interval)
    return 0 if is_over else chatters(summary.starts, interval)


def _withdrawn_because() -> str:
    return _("No longer found with corrected readings or a newer model.")


def _refresh_closed(alert: Alert, summary: Summary, *, now: datetime) -> Alert:
    was_active = alert.condition == Condition.ACTIVE
    if _belongs_in_history(alert, summary):
        guarded_update(alert, closure=Alert.Closure.RETROSPECTIVE, **summary.as_fields() | {"condition": "cleared"})
    if was_active and not summary.is_active:
        return _apply(alert, Transition.CLEAR, summary, now=now)
    if was_active or not summary.is_active or _was_false_alarm(alert):
        return alert
    if current := _open_alert(alert.substation_id, alert.kind):
        ongoing = [each.pk for each in alert.episodes.select_related("detection") if each.detection.is_open]
        AlertDetection.objects.filter(pk__in=ongoing).update(alert=current)
        return refresh(current, now=now)
    is_new = summary.occurrences > alert.occurrences
    why = _("It is back.") if is_new else _("The readings show that it is still present.")
    return refresh(reopen(alert, now=now, comment=why, cleared_at=None), now=now)


def reopen(alert: Alert, *, now: datetime, comment: str, **fields: Any) -> Alert:
    """Open a closed alert again: announced, unless something holds it."""
    hold = hold_of(alert, now=now)
    fields |= {"verify_at": None, "verify_from": None, "reopen_count": alert.reopen_count + 1}
    fields["closure"] = Alert.Closure.OPEN
    apply(alert, Transition.REOPEN, now=now, comment=comment, quiet=hold is not None, **fields)
    if hold:
        hold.put_on(alert, now=now)
    return alert


def _belongs_in_history(alert: Alert, summary: Summary) -> bool:
    """Whether it was withdrawn and is found again, or was called fleeting and is not."""
    if alert.closure == Alert.Closure.FLEETING:
        return not is_fleeting(summary.shown)
    return alert.closure == Alert.Closure.WITHDRAWN and not summary.is_withdrawn


def _was_false_alarm(alert: Alert) -> bool:
    latest = alert.resolutions.first()
    return latest is not None and latest.outcome == Resolution.Outcome.FALSE_ALARM


def _transitions(alert: Alert, summary: Summary, *, is_held: bool) -> list[Transition]:
    transitions = []
    if summary.is_active and alert.condition == Condition.CLEARED:
        transitions.append(Transition.RETURN)
    if summary.severity_now > alert.severity_now:
        transitions.append(Transition.ESCALATE)
    elif summary.severity_now < alert.severity_now:
        transitions.append(Transition.DE_ESCALATE)
    if not summary.is_active and alert.condition == Condition.ACTIVE and not is_held:
        transitions.append(Transition.CLEAR)
    return transitions


def _apply(alert: Alert, transition: Transition, summary: Summary, *, now: datetime, quiet: bool = False) -> Alert:
    """One transition that the data makes, with what it changes and when it happened by the clock of the readings."""
    fields: dict[str, Any] = {}
    if transition in (Transition.ESCALATE, Transition.DE_ESCALATE):
        fields["severity_now"] = summary.severity_now
        fields["severity_peak"] = max(alert.severity_peak, summary.severity_now)
    elif transition is Transition.CLEAR:
        fields["cleared_at"] = fields["event_time"] = summary.cleared_at
    elif transition is Transition.RETURN:
        fields |= {"cleared_at": None, "event_time": summary.shown.start, "quiet": quiet}
    return apply(alert, transition, now=now, **fields)
