"""What operators and the clock do to an alert: acknowledge, resolve, verify."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mlcore.models import METER_CAUSES, Detection
from mlcore.services import learn_verdict
from substations.models import Reading

from . import review
from .changes import Conflict, EventSource, apply, expect, guarded_update
from .lifecycle import Condition, Refused, Transition
from .models import Alert, Resolution


@transaction.atomic
def acknowledge(
    alert: Alert, *, by: User, note: str = "", version: int | None = None, source: EventSource = EventSource.WEB
) -> Alert:
    """Somebody is on it. An alert that had cleared and is not latched goes to the history.

    Raises:
        lifecycle.Refused: it is acknowledged already, or closed.
        Conflict: it is not at ``version`` any more.
    """
    now = timezone.now()
    expect(alert, version)
    fields: dict[str, Any] = {"acknowledged_by": by, "acknowledged_at": now, "acknowledge_note": note}
    return apply(alert, Transition.ACKNOWLEDGE, now=now, by=by, comment=note, source=source, **fields)


@transaction.atomic
def unacknowledge(
    alert: Alert, *, by: User, note: str, version: int | None = None, source: EventSource = EventSource.WEB
) -> Alert:
    """Take the acknowledgement back, with the reason; an alert that it closed is open again.

    Raises:
        lifecycle.Refused: it is not acknowledged, or was closed by something else.
        Conflict: it is not at ``version`` any more, or another alert of its kind is open by now.
    """
    expect(alert, version)
    if alert.closed_at and alert.closure != Alert.Closure.CLEARED:
        raise Refused(Transition.UNACKNOWLEDGE, alert.lifecycle_state)
    newer = Alert.objects.unresolved().filter(substation=alert.substation_id, kind=alert.kind).exclude(pk=alert.pk)
    if alert.closed_at and newer.exists():
        raise Conflict(_("Another alert of this kind has been raised on the substation meanwhile."))
    return apply(alert, Transition.UNACKNOWLEDGE, now=timezone.now(), by=by, comment=note, source=source)


@transaction.atomic
def comment(alert: Alert, *, by: User, text: str, source: EventSource = EventSource.WEB) -> Alert:
    return apply(alert, Transition.COMMENT, now=timezone.now(), by=by, comment=text, source=source)


@transaction.atomic
def resolve(
    alert: Alert,
    *,
    by: User,
    findings: Mapping[str, str],
    version: int | None = None,
    source: EventSource = EventSource.WEB,
) -> Alert:
    """Close an alert with what was found and done; ``findings`` are the fields of the resolution form.

    Resolving an alert whose cause is still present is allowed; it is looked at again after a while and reopened if the
    cause is still there. An outcome of false alarm is not looked at again.
    """
    now = timezone.now()
    expect(alert, version)
    still_there = alert.condition == Condition.ACTIVE
    verify = still_there and findings["outcome"] != Resolution.Outcome.FALSE_ALARM
    resolution = Resolution.objects.create(
        alert=alert, resolved_by=by, resolved_at=now, while_active=still_there, **findings
    )
    learn_verdict([episode.detection_id for episode in alert.episodes.all()], is_false=_is_false(alert, resolution))
    apply(
        alert,
        Transition.RESOLVE,
        now=now,
        by=by,
        source=source,
        comment=resolution.summary,
        closure=Alert.Closure.RESOLVED,
        verify_at=now + timedelta(minutes=settings.ALERT_VERIFY_MINUTES) if verify else None,
        verify_from=_end_of_newest_reading(alert) if verify else None,
    )
    return alert


def _end_of_newest_reading(alert: Alert) -> datetime | None:
    newest = Reading.objects.for_substation(alert.substation_id).newest(1).first()
    return None if newest is None else newest.at + timedelta(seconds=alert.substation.reading_interval_s)


def _is_false(alert: Alert, resolution: Resolution) -> bool:
    """Whether the episode was normal behaviour; a fault of the meter confirms a finding about the meter."""
    of_meter = resolution.classification in (*METER_CAUSES, Resolution.METER_FAULT)
    about_data = alert.kind in (Detection.Kind.METER, Detection.Kind.DATA_MISSING)
    return resolution.outcome == Resolution.Outcome.FALSE_ALARM or (of_meter and not about_data)


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
    if alert.condition == Condition.CLEARED or newer:
        guarded_update(alert, verify_at=None)
        return False
    if not _seen_since_resolved(alert):
        guarded_update(alert, verify_at=now + timedelta(minutes=settings.ALERT_VERIFY_MINUTES))
        return False
    resolution = alert.resolutions.select_related("resolved_by").first()
    who = resolution.resolved_by.get_username() if resolution else "?"
    said = _("Still present %(minutes)d min after %(who)s resolved it.")
    said %= {"minutes": settings.ALERT_VERIFY_MINUTES, "who": who}
    review.reopen(alert, now=now, comment=said)
    review.refresh(alert, now=now)  # what the readings said while it was closed
    return True


def _seen_since_resolved(alert: Alert) -> bool:
    """Whether a reading from after the resolution shows it: what came before contradicts nobody."""
    if alert.verify_from is None:
        return True
    ongoing = [each.detection for each in alert.episodes.select_related("detection") if each.detection.is_open]
    seen = [detection.seen_until for detection in ongoing]
    return any(until is None or until > alert.verify_from for until in seen)
