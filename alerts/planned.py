"""Alerts while people work on a substation: out of service until the work ends, then back as if new."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from substations.models import PlannedWork

from .changes import Conflict, move
from .lifecycle import Move
from .models import Alert


def follow(*, now: datetime) -> int:
    """Take the open alerts of substations with planned work out of service, and bring back those whose work has ended.

    How many moved. Evaluating and recording go on meanwhile; what is still active afterwards needs acknowledging again.
    """
    going_on = {work.substation_id: work for work in PlannedWork.objects.at(now).order_by("end")}
    unsuppressed = Alert.objects.unresolved().filter(suppression=Alert.Suppression.NONE)
    suspended = Alert.objects.unresolved().filter(suppression=Alert.Suppression.OUT_OF_SERVICE)
    moved = 0
    for alert in unsuppressed.filter(substation__in=going_on):
        moved += _suspend(alert, going_on[alert.substation_id], now=now)
    for alert in suspended.exclude(substation__in=going_on):
        moved += _resume(alert, now=now)
    return moved


def _suspend(alert: Alert, work: PlannedWork, *, now: datetime) -> bool:
    return _moved(alert, Move.SUSPEND, now=now, comment=work.reason, suppressed_until=work.end)


def _resume(alert: Alert, *, now: datetime) -> bool:
    return _moved(alert, Move.RESUME, now=now, comment="", suppressed_until=None)


def _moved(alert: Alert, step: Move, *, now: datetime, comment: str, suppressed_until: datetime | None) -> bool:
    """Whether it moved; somebody else may have changed it at the same moment, then the next round does it."""
    try:
        with transaction.atomic():
            move(alert, step, now=now, comment=comment, suppressed_until=suppressed_until)
    except Conflict:
        return False
    return True
