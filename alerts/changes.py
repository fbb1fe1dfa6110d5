"""How an alert changes: one guarded UPDATE and one AlertEvent.

Called by ``services``, ``shelf``, ``planned`` and ``assignment`` (operators), ``timers`` and ``suppression`` (the
clock) and ``review`` (the data) alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mlcore.models import Detection

from . import lifecycle
from .lifecycle import Suppression, Transition
from .models import Alert, AlertEvent

EventSource = AlertEvent.EventSource
UNSUPPRESSED = {"suppressed_by": None, "suppression_reason": "", "suppressed_until": None}
NOBODY = {"acknowledged_by": None, "acknowledged_at": None, "acknowledge_note": ""}


class Conflict(Exception):
    """Somebody else changed the alert first; nothing was written."""


def expect(alert: Alert, version: int | None) -> None:
    if version is not None and alert.version != version:
        raise Conflict(_("The alert has changed since this page was loaded: check it again."))


def apply(
    alert: Alert,
    transition: Transition,
    *,
    now: datetime,
    by: User | None = None,
    comment: str = "",
    source: EventSource = EventSource.SYSTEM,
    event_time: datetime | None = None,
    quiet: bool = False,
    **fields: Any,
) -> Alert:
    """Make one transition of the table of ``lifecycle`` and record it; ``quiet``: what it would announce is held."""
    before, severity_before = alert.lifecycle_state, alert.severity_now
    state = lifecycle.after(before, transition, latched=alert.severity_peak >= Detection.Severity.CRITICAL)
    fields |= {
        "condition": state.condition.value,
        "acknowledged": state.acknowledged,
        "suppression": state.suppression.value,
        "closed_at": (alert.closed_at or now) if state.closed else None,
    }
    if state.closed and not alert.closure and "closure" not in fields:
        fields["closure"] = Alert.Closure.CLEARED
    if before.closed and not state.closed:
        fields["closure"] = Alert.Closure.OPEN
    if before.acknowledged and not state.acknowledged:
        fields |= NOBODY
    if before.suppression is Suppression.BY_DESIGN and state.suppression is not Suppression.BY_DESIGN:
        fields = UNSUPPRESSED | fields
    guarded_update(alert, version=alert.version + 1, **fields)
    record(
        alert,
        transition,
        before=before.display,
        severity_before=severity_before,
        now=now,
        by=by,
        comment=comment,
        source=source,
        event_time=event_time,
        quiet=quiet,
    )
    return alert


def attempt(alert: Alert, transition: Transition, *, now: datetime, **fields: Any) -> bool:
    """``apply``, in a savepoint; False if somebody else changed it at the same moment: the next round does it."""
    try:
        with transaction.atomic():
            apply(alert, transition, now=now, **fields)
    except Conflict:
        return False
    return True


def guarded_update(alert: Alert, **fields: Any) -> None:
    """Write the fields unless another process moved the alert since it was read.

    Only what an operator has to look at again counts as a new ``version``: figures that grow with every reading do not.
    """
    rows = Alert.objects.filter(pk=alert.pk, version=alert.version).update(changed_at=timezone.now(), **fields)
    if rows != 1:
        raise Conflict(_("The alert was changed by somebody else at the same moment: check it again."))
    for name, value in fields.items():
        setattr(alert, name, value)


def record(
    alert: Alert,
    transition: Transition,
    *,
    before: lifecycle.DisplayState | None,
    severity_before: int | None,
    now: datetime,
    by: User | None = None,
    comment: str = "",
    source: EventSource = EventSource.SYSTEM,
    event_time: datetime | None = None,
    quiet: bool = False,
) -> None:
    """Append one event. ``event_time`` is when it happened by the clock of the readings, where that is known.

    Here alone is decided whether it is an announcement (``AlertEvent.announces``).
    """
    last = alert.events.order_by("-seq").values_list("seq", flat=True).first() or 0
    AlertEvent.objects.create(
        alert=alert,
        seq=last + 1,
        at=now,
        event_time=event_time or now,
        actor=by,
        source=source,
        action=transition,
        state_before=before or "",
        state_after=alert.state,
        severity_before=severity_before,
        severity_after=alert.severity_now,
        comment=comment,
        announces=not quiet and lifecycle.announces(transition, alert.lifecycle_state),
        data={"loss_kwh": alert.loss_kwh, "detection": alert.detection_id, "version": alert.version},
    )
