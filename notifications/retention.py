"""How long is kept what was said: messages and deliveries that are done with, deleted in pieces by the sweep."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from .outbox_models import Delivery, OutgoingMessage

PIECE = 500
"""chosen: a short transaction, so that nobody waits; a sweep every ten seconds deletes four million a day."""
State = OutgoingMessage.MessageState


def prune(*, now: datetime) -> int:
    """Delete one piece of what is older than ``NOTIFY_KEEP_DAYS``; how many messages went.

    Kept are dead letters that nobody has dismissed, and what was said of an alert that is still open.
    """
    if settings.NOTIFY_KEEP_DAYS <= 0:
        return 0
    before = now - timedelta(days=settings.NOTIFY_KEEP_DAYS)
    is_done = Q(state=State.SENT) | Q(state=State.DEAD, dismissed_at__lt=before)
    old = OutgoingMessage.objects.filter(is_done, created_at__lt=before, ended_at__lt=before)
    of_open = Delivery.objects.filter(message__isnull=False, alert__closed_at__isnull=True).values("message")
    chosen = list(old.exclude(pk__in=of_open).order_by("created_at").values_list("pk", flat=True)[:PIECE])
    dropped = Delivery.objects.filter(state=Delivery.DeliveryState.DROPPED, created_at__lt=before)
    unsaid = list(dropped.filter(alert__closed_at__isnull=False).order_by("pk").values_list("pk", flat=True)[:PIECE])
    with transaction.atomic():
        Delivery.objects.filter(Q(message__in=chosen) | Q(pk__in=unsaid)).delete()
        OutgoingMessage.objects.filter(pk__in=chosen).delete()
    return len(chosen)
