"""A clock that was ahead and is put right: what waits for a time that was wrong goes on, without anybody's hand.

The sweep notices: its own last beat lies in the future. Leases run out as they would have, failures are tried again,
messages and escalations keep the distance they had. Quiet hours are times of the day and stay as they are.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import F, Q, QuerySet

from core.leases import LEASE_FOR, Leased
from core.retries import Failure
from notifications.models import Escalation, OutgoingMessage, Pulse

logger = logging.getLogger(__name__)
STEP = timedelta(minutes=5)
"""Chosen: more than the clocks of two machines differ by that are kept by NTP. A smaller step is waited for."""


def put_right(*, now: datetime) -> timedelta | None:
    """Move what was set before a clock went back; by how much it went, None where it did not.

    now: aware. To be asked before the sweep beats.
    """
    last = Pulse.objects.filter(name="sweep").values_list("at", flat=True).first()
    if last is None or last - now < STEP:
        return None
    back = last - now
    logger.warning("The clock went back by %s: leases, retries and messages are moved with it.", back)
    with transaction.atomic():
        _leases(last, now)
        _failures(last, now)
        _move(OutgoingMessage.objects.filter(state=OutgoingMessage.MessageState.QUEUED), now, back)
        begun_before = Q(created_at__gt=now) | Q(next_at__gt=last, created_at__lt=now - STEP)
        _move(Escalation.objects.filter(begun_before, state__in=Escalation.UNDER_WAY), now, back)
    return back


def _leases(last: datetime, now: datetime) -> None:
    """A worker that lives renews its lease; one that is dead loses it as it would have."""
    for model in apps.get_models():
        if issubclass(model, Leased):
            model._base_manager.filter(claimed_until__gte=last).update(claimed_until=now + LEASE_FOR)


def _failures(last: datetime, now: datetime) -> None:
    for model in apps.get_models():
        if issubclass(model, Failure):
            model._base_manager.filter(retry_at__gte=last).update(retry_at=now)


def _move(waiting: QuerySet[Any], now: datetime, back: timedelta) -> None:
    """Those whose time had come are due now."""
    waiting.filter(next_at__gt=now, next_at__lte=now + back, created_at__gt=now).update(next_at=now)
    waiting.filter(next_at__gt=now + back).update(next_at=F("next_at") - back)
