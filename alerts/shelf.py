"""The shelf: alerts that an operator puts aside for a time that is always given, and that come back by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .changes import Conflict, EventSource, apply, expect
from .lifecycle import Transition
from .models import Alert

# chosen: one shift of twelve hours, so that the next one sees it again (ISA-18.2 asks for a limit, not for which).
MAX_SHELF_MINUTES = 12 * 60


@transaction.atomic
def shelve(
    alert: Alert,
    *,
    by: User,
    minutes: int,
    note: str,
    version: int | None = None,
    source: EventSource = EventSource.WEB,
) -> Alert:
    """Put an alert aside for ``minutes``; evaluating and recording go on.

    Raises:
        ValueError: no time, or more than twelve hours.
        PermissionDenied: a critical alert needs a permission of its own.
        lifecycle.Refused: it is closed, or put aside already.
        Conflict: it is not at ``version`` any more.
    """
    if not 1 <= minutes <= MAX_SHELF_MINUTES:
        raise ValueError(
            _("Received %(received)s minutes; expected 1 to %(most)d.")
            % {"received": minutes, "most": MAX_SHELF_MINUTES}
        )
    if alert.is_critical and not by.has_perm("alerts.shelve_critical_alert"):
        raise PermissionDenied(_("A critical alert is shelved by an engineer."))
    now = timezone.now()
    expect(alert, version)
    until = now + timedelta(minutes=minutes)
    return apply(alert, Transition.SHELVE, now=now, by=by, comment=note, source=source, suppressed_until=until)


@transaction.atomic
def unshelve(
    alert: Alert,
    *,
    by: User | None = None,
    note: str = "",
    version: int | None = None,
    source: EventSource = EventSource.WEB,
) -> Alert:
    """Take it back; what is still active needs acknowledging again."""
    expect(alert, version)
    return apply(
        alert, Transition.UNSHELVE, now=timezone.now(), by=by, comment=note, source=source, suppressed_until=None
    )


def end_due(*, now: datetime) -> int:
    """Take back every alert whose time on the shelf is over, however long ago; how many."""
    due = Alert.objects.on_tab("shelved").filter(suppressed_until__lte=now)
    return sum(_ended(alert) for alert in due)


def _ended(alert: Alert) -> bool:
    """Whether it moved; somebody else may have changed it at the same moment, then the next round does it."""
    try:
        unshelve(alert, note=_("Shelving expired."), source=EventSource.SYSTEM)
    except Conflict:
        return False
    return True
