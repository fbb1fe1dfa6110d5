"""Learn again from a date: a substation whose load, bank or generation changed for good forgets what was before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from core.saved_fields import save_fields
from mlcore.diagnosis.terms import MIN_TRAINING_DAYS
from mlcore.models import Detection, Detector, DetectorEvent, RaisedLimit, Score
from mlcore.querysets import DetectionQuerySet
from substations.models import Reading, Substation

from . import schedule

# chosen: an operator names a day; what the change itself raised began around it.
AROUND = timedelta(days=1)


class BadDateError(ValueError):
    """A date from which nothing can be learned; the text says why."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What learning again changes. used, forgotten: readings since and before. drift: share of the newest week's scored
    readings above the threshold now, None without any. new_normal: open episodes that the change itself raised.
    """

    since: datetime
    used: int
    forgotten: int
    ready_at: datetime | None
    active: Detector | None
    drift: float | None
    new_normal: list[Detection]
    lessons: list[RaisedLimit]


def is_relearning(substation: Substation, active: Detector | None) -> bool:
    """Whether the active version still knows what is to be forgotten."""
    return bool(active and substation.learn_from and active.trained_from < substation.learn_from)


def new_normal(substation: Substation, since: datetime) -> DetectionQuerySet:
    """Open losses and unusual behaviour that began with the change: they are what is usual from now on."""
    found = Detection.objects.ongoing().filter(substation=substation, start__gte=since - AROUND)
    return found.filter(kind__in=(Detection.Kind.LOSS, Detection.Kind.UNUSUAL)).order_by("start")


def preview(substation: Substation, since: datetime) -> Preview:
    """What would change; nothing is written. Raises BadDateError where nothing can be learned from that date on."""
    readings = Reading.objects.for_substation(substation)
    newest = readings.newest(1).values_list("at", flat=True).first()
    if newest is None:
        raise BadDateError(_("%(code)s has no readings to learn from.") % {"code": substation.code})
    if since >= newest:
        raise BadDateError(
            _("Received %(since)s; expected a time before the newest reading, %(newest)s.")
            % {"since": f"{since:%Y-%m-%d %H:%M %Z}", "newest": f"{newest.astimezone(since.tzinfo):%Y-%m-%d %H:%M %Z}"}
        )
    enough = since + timedelta(days=MIN_TRAINING_DAYS)
    scored = Score.objects.filter(
        substation=substation, at__gt=newest - schedule.DRIFT_OVER, status=Score.Validity.OK, score__isnull=False
    )
    rows = scored.count()
    return Preview(
        since=since,
        used=readings.filter(at__gte=since).count(),
        forgotten=readings.filter(at__lt=since).count(),
        ready_at=enough if enough > newest else None,
        active=Detector.objects.active().without_artifact().filter(substation=substation).first(),
        drift=scored.filter(score__gt=1).count() / rows if rows else None,
        new_normal=list(new_normal(substation, since).defer("evidence")),
        lessons=list(substation.raised_limits.all()),
    )


@transaction.atomic
def learn_again(substation: Substation, since: datetime, *, by: User | None = None) -> Preview:
    """Keep the date with the substation, forget what operators taught before it, and ask for a training."""
    found = preview(substation, since)
    save_fields(substation, learn_from=since)
    substation.raised_limits.all().delete()
    if found.active:
        note = _("From %(since)s.") % {"since": f"{since:%Y-%m-%d %H:%M %Z}"}
        DetectorEvent.objects.create(
            detector=found.active, action=DetectorEvent.Action.LEARN_AGAIN, actor=by, note=note
        )
    schedule.request(substation.pk)
    return found
