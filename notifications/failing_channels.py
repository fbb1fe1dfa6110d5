"""Channels whose messages are given up: each is an alarm of the system until one arrives, or nobody waits for them.

The alarm stands on the pages and is sent to nobody, so that it cannot fail itself; that other channels are told is of
``failure_notices``.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q
from django.urls import reverse

from alerts import system_alarms
from alerts.system_alarms import Trouble

from .outbox_models import OutgoingMessage

MAX_SUBJECT, MAX_DETAIL = 120, 300


def follow(*, now: datetime) -> None:
    """Raise and close alarms by what stands now."""
    system_alarms.follow(system_alarms.Kind.MESSAGES, _failing(), now=now)


def _failing() -> dict[str, Trouble]:
    """By channel: those that reached nobody since a message was given up; the newest reason."""
    letters = OutgoingMessage.objects.standing().exclude(kind=OutgoingMessage.MessageKind.TEST)
    silent_since = Q(channel__last_sent_at__isnull=True) | Q(channel__last_sent_at__lte=F("ended_at"))
    rows = letters.filter(silent_since).order_by("ended_at").values_list("channel", "channel__name", "note")
    link = reverse("notifications:dead-letters")
    return {str(channel): Trouble(name[:MAX_SUBJECT], note[:MAX_DETAIL], link) for channel, name, note in rows}
