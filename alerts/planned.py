"""Alerts while people work on a substation: out of service until the work ends, then back as if new."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.saved_fields import save_fields
from substations.models import PlannedWork

from .changes import EventSource, apply, attempt, expect
from .lifecycle import Suppression, Transition
from .models import Alert

# chosen: a longer outage is planned again; forgotten work must not silence for ever.
MAX_WORK_HOURS = 14 * 24


def follow(*, now: datetime) -> int:
    """Take the open alerts of substations with planned work out of service, and bring back those whose work has ended.

    How many moved. Evaluating and recording go on meanwhile; what is still active afterwards needs acknowledging again.
    """
    going_on = {work.substation_id: work for work in PlannedWork.objects.at(now).order_by("end")}
    unsuppressed = Alert.objects.unresolved().filter(suppression__in=(Suppression.NONE, Suppression.BY_DESIGN))
    suspended = Alert.objects.unresolved().filter(suppression=Suppression.OUT_OF_SERVICE)
    moved = 0
    for alert in unsuppressed.filter(substation__in=going_on):
        work = going_on[alert.substation_id]
        moved += attempt(alert, Transition.SUSPEND, now=now, comment=work.reason, suppressed_until=work.end)
    for alert in suspended.exclude(substation__in=going_on):
        moved += attempt(alert, Transition.RESUME, now=now, suppressed_until=None)
    return moved


def work_at(substation_id: int, *, now: datetime) -> PlannedWork | None:
    """The work that goes on at a substation now: of several, the one that ends last."""
    return PlannedWork.objects.at(now).filter(substation=substation_id).order_by("-end").first()


@transaction.atomic
def begin(
    alert: Alert,
    *,
    by: User,
    hours: float,
    reason: str,
    version: int | None = None,
    source: EventSource = EventSource.WEB,
) -> Alert:
    """People begin to work on the alert's substation now: all its alerts are out of service until the end.

    Raises:
        ValueError: the work has no length, or lasts longer than two weeks.
        lifecycle.Refused: the alert is closed, or put aside already.
        Conflict: it is not at ``version`` any more.
    """
    if not 0 < hours <= MAX_WORK_HOURS:
        raise ValueError(
            _("Received %(received)s hours; expected more than 0 and at most %(most)d.")
            % {"received": hours, "most": MAX_WORK_HOURS}
        )
    now = timezone.now()
    expect(alert, version)
    work = PlannedWork.objects.create(
        substation=alert.substation, start=now, end=now + timedelta(hours=hours), reason=reason, created_by=by
    )
    apply(alert, Transition.SUSPEND, now=now, by=by, comment=reason, source=source, suppressed_until=work.end)
    follow(now=now)
    return alert


@transaction.atomic
def finish(
    alert: Alert, *, by: User, note: str = "", version: int | None = None, source: EventSource = EventSource.WEB
) -> Alert:
    """The work on the alert's substation is done, earlier than planned: its alerts come back now."""
    now = timezone.now()
    expect(alert, version)
    apply(alert, Transition.RESUME, now=now, by=by, comment=note, source=source, suppressed_until=None)
    for work in PlannedWork.objects.filter(substation=alert.substation_id, start__lt=now, end__gt=now):
        save_fields(work, end=now)
    follow(now=now)
    return alert
