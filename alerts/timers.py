"""What the clock does to alerts: every time that is due is in the database, so a restart loses none.

Each step may run twice, or hours late: it looks at what is due by now.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from . import planned, review, shelf, suppression
from .changes import Conflict, attempt
from .lifecycle import Transition
from .models import Alert


def follow(*, now: datetime) -> int:
    """Everything that is due; how many alerts moved."""
    moved = planned.follow(now=now) + shelf.end_due(now=now) + suppression.follow(now=now)
    return moved + settle_chattering(now=now) + re_alarm(now=now) + expire(now=now)


def re_alarm(*, now: datetime) -> int:
    """Raise again what was acknowledged and is still there hours later."""
    said = _("Still active long after it was acknowledged.")
    due = Alert.objects.to_re_alarm(now)
    return sum(attempt(alert, Transition.RE_ALARM, now=now, comment=said) for alert in due)


def expire(*, now: datetime) -> int:
    """Close the cleared warnings that nobody acknowledged for days."""
    said = _("It cleared and nobody acknowledged it.")
    closure = Alert.Closure.EXPIRED
    due = Alert.objects.to_expire(now)
    return sum(attempt(alert, Transition.EXPIRE, now=now, comment=said, closure=closure) for alert in due)


def settle_chattering(*, now: datetime) -> int:
    """Let clear what stayed away for its off-delay, and end the chattering of what was quiet."""
    moved = 0
    for alert in Alert.objects.unresolved().filter(Q(clear_due_at__lte=now) | Q(chattering_count__gt=0)):
        before = alert.version, alert.chattering_count
        try:
            with transaction.atomic():
                review.refresh(alert, now=now)
        except Conflict:
            continue
        moved += (alert.version, alert.chattering_count) != before
    return moved
