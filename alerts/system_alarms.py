"""Raising, acknowledging and closing alarms of the system itself; whoever finds them out says what there is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from .changes import Conflict
from .system_alarm_models import SystemAlarm

Kind = SystemAlarm.SystemAlarmKind


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an alarm says: about what, why, and the page where it is looked after."""

    subject: str
    detail: str
    link: str


def follow(kind: Kind, found: Mapping[str, Trouble], *, now: datetime) -> None:
    """Raise what is new of a kind, close what is over; ``found``: by key, all that there is now."""
    unresolved = {alarm.key: alarm for alarm in SystemAlarm.objects.unresolved().filter(kind=kind)}
    over = [alarm.pk for key, alarm in unresolved.items() if key not in found]
    if over:
        SystemAlarm.objects.unresolved().filter(pk__in=over).update(closed_at=now)
    for key, trouble in found.items():
        alarm = unresolved.get(key)
        if alarm is None:
            raised = SystemAlarm(kind=kind, key=key, raised_at=now, **asdict(trouble))
            # Another worker may have raised it: the constraint keeps one.
            SystemAlarm.objects.bulk_create([raised], ignore_conflicts=True)
        elif trouble != Trouble(alarm.subject, alarm.detail, alarm.link):
            SystemAlarm.objects.unresolved().filter(pk=alarm.pk).update(**asdict(trouble))


def acknowledge(alarm: SystemAlarm, *, by: User, now: datetime) -> SystemAlarm:
    """Say that somebody is on it; it stays until it is over.

    Raises:
        Conflict: it is over, or somebody else was first.
    """
    waiting = SystemAlarm.objects.unresolved().filter(pk=alarm.pk, acknowledged_at__isnull=True)
    if waiting.update(acknowledged_by=by, acknowledged_at=now) != 1:
        raise Conflict(_("It is over, or has been acknowledged already."))
    alarm.refresh_from_db()
    return alarm
