"""The end of a shift: what is handed over, who has handed it over, and who has taken over.

A shift is a stretch of time, as in a shift report: from the end of the one before to the moment it is handed over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import site_rights

from .changes import Conflict
from .handover_models import ShiftHandover, ShiftNote
from .models import Alert

# chosen: the longest usual shift; the first one, or one after a long break, is not said to have lasted longer.
MAX_SHIFT = timedelta(hours=12)
# chosen: more is read in the list itself.
MAX_LISTED = 200


def waiting() -> ShiftHandover | None:
    """The shift that was handed over and that nobody has taken over yet."""
    return ShiftHandover.objects.filter(is_waiting=True).select_related("handed_over_by").first()


def shift_start(now: datetime) -> datetime:
    """When the shift of now began: at the end of the one before, twelve hours ago at most."""
    last = ShiftHandover.objects.values_list("end", flat=True).first()
    return max(last, now - MAX_SHIFT) if last and last < now else now - MAX_SHIFT


def note(*, by: User, text: str, now: datetime) -> ShiftNote:
    return ShiftNote.objects.create(at=now, author=by, text=text)


@transaction.atomic
def hand_over(*, by: User, text: str = "", now: datetime) -> ShiftHandover:
    """End a shift with what is open now, and a last note if there is one.

    Raises:
        Conflict: the shift before has not been taken over yet.
        PermissionDenied: somebody is given part of the plant, and a shift is that of all of it.
    """
    if site_rights.current() is not None:
        raise PermissionDenied(_("A shift is handed over by somebody to whom all substations are given."))
    if text:
        note(by=by, text=text, now=now)
    start, open_alerts = shift_start(now), Alert.objects.unresolved().most_urgent_first().select_related("substation")
    listed = [[each.pk, each.substation.code, each.cause, each.state.value] for each in open_alerts[:MAX_LISTED]]
    try:
        with transaction.atomic():
            return ShiftHandover.objects.create(
                start=start, end=now, handed_over_by=by, counts=Alert.objects.counts(), alerts=listed
            )
    except IntegrityError as error:
        raise Conflict(_("The shift has been handed over already and waits to be taken over.")) from error


def take_over(handover: ShiftHandover, *, by: User, now: datetime) -> ShiftHandover:
    """Confirm that the next shift has begun, with what was handed over.

    Raises:
        Conflict: somebody else has taken over.
    """
    rows = ShiftHandover.objects.filter(pk=handover.pk, is_waiting=True).update(
        is_waiting=False, taken_over_by=by, taken_over_at=now
    )
    if rows != 1:
        raise Conflict(_("Somebody else has taken over already."))
    handover.refresh_from_db()
    return handover
