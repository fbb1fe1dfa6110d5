"""Planned work by its own page: plan it, end it now, and what is put aside by whom, until when and why."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from core.saved_fields import save_fields
from substations.models import PlannedWork, Substation

from . import planned
from .changes import attempt
from .lifecycle import Suppression, Transition
from .models import Alert, AlertEvent
from .querysets import AlertQuerySet


def shelved() -> AlertQuerySet:
    """Shelved alerts, what ends first before the others, with ``put_aside_by``, ``put_aside_at``, ``put_aside_why``."""
    last = AlertEvent.objects.filter(alert=OuterRef("pk"), action=Transition.SHELVE).order_by("-seq")
    found: AlertQuerySet = Alert.objects.on_tab("shelved").annotate(
        put_aside_by=Subquery(last.values("actor__username")[:1]),
        put_aside_at=Subquery(last.values("at")[:1]),
        put_aside_why=Subquery(last.values("comment")[:1]),
    )
    return found.select_related("substation").order_by("suppressed_until", "pk")


def works(now: datetime) -> QuerySet[PlannedWork]:
    """Work that goes on or will, what begins first before the others, with ``silenced``: how many alerts it puts
    aside."""
    silences = Q(substation__alerts__closed_at__isnull=True, substation__alerts__suppression=Suppression.OUT_OF_SERVICE)
    found = PlannedWork.objects.filter(end__gt=now).annotate(silenced=Count("substation__alerts", filter=silences))
    return found.select_related("substation", "created_by").order_by("start", "pk")


@transaction.atomic
def plan(
    substation: Substation, *, start: datetime, end: datetime, reason: str, by: User, now: datetime
) -> PlannedWork:
    """Plan work; what goes on already takes its alerts out of service at once.

    Raises:
        ValidationError: it ends before it starts or is over already, or lasts longer than two weeks.
    """
    if end <= start:
        raise ValidationError({"end": _("The work must end after it starts.")})
    if end <= now:
        raise ValidationError({"end": _("The work is over already.")})
    if end - start > timedelta(hours=planned.MAX_WORK_HOURS):
        said = _("Received %(hours)d hours; expected at most %(most)d. Plan the rest as work of its own.")
        hours = (end - start).total_seconds() / 3600
        raise ValidationError({"end": said % {"hours": hours, "most": planned.MAX_WORK_HOURS}})
    work = PlannedWork.objects.create(substation=substation, start=start, end=end, reason=reason, created_by=by)
    planned.follow(now=now)
    return work


@transaction.atomic
def end_now(work: PlannedWork, *, by: User, now: datetime) -> bool:
    """End work that goes on, or cancel what has not begun; False where it is over already."""
    if work.start >= now:
        work.delete()
        return True
    if not PlannedWork.objects.select_for_update().filter(pk=work.pk, end__gt=now).exists():
        return False
    save_fields(work, end=now)
    if planned.work_at(work.substation_id, now=now) is None:
        put_aside = Alert.objects.unresolved().filter(
            substation=work.substation_id, suppression=Suppression.OUT_OF_SERVICE
        )
        for alert in put_aside:
            attempt(alert, Transition.RESUME, now=now, by=by, comment=work.reason, suppressed_until=None)
    return True
