"""Sending messages: each is claimed under a lease by a guarded UPDATE, sent outside of any transaction, and marked.

Who is killed between claim and mark leaves a lease that runs out: the message is sent again with the same id, so that
a receiver can tell. Who is killed earlier has done nothing.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.leases import kept
from core.saved_fields import save_fields

from . import failing_channels, failure_notices, retry_schedule, transports
from .channel_models import NotificationChannel
from .outbox_models import OutgoingMessage
from .secret_box import SecretsUnreadable
from .transports import TransportFailed

logger = logging.getLogger(__name__)
# chosen: a round ends in time for the sweep to see that the outbox is alive.
MESSAGES_PER_ROUND = 50
State = OutgoingMessage.MessageState


def send_due(*, now: datetime) -> int:
    """Send what is due, critical first; how many were sent.

    A channel that fails is left alone for this round, and one that another worker is sending to until it has done so:
    a receiver that answers late holds up one worker and not all of them.
    """
    sent, failing = 0, set[int]()
    busy = OutgoingMessage.objects.filter(state=State.QUEUED, claimed_until__gt=now).values("channel")
    for _number in range(MESSAGES_PER_ROUND):
        due = OutgoingMessage.objects.due(now).exclude(channel__in=failing).exclude(channel__in=busy)
        message = due.select_related("channel__owner", "thread").first()
        if message is None:
            break
        if attempt(message, now=now):
            sent += 1
        else:
            failing.add(message.channel_id)
    return sent


def attempt(message: OutgoingMessage, *, now: datetime, retries: bool = True) -> bool:
    """One attempt; whether it was sent. Without ``retries`` a failure is final."""
    token = OutgoingMessage.objects.filter(pk=message.pk, state=State.QUEUED).claim(
        now=max(now, timezone.now()), attempts=message.attempts + 1
    )
    if token is None:
        return False
    message.attempts += 1
    try:
        _refuse_unused(message.channel)
        with kept(OutgoingMessage.objects.all(), token):  # a receiver may be silent for longer than a lease
            transports.send(message)
    except Exception as error:  # whatever it is, it is this message's
        failed = _as_failure(error)
        changes = _after_failure(message, failed, now=now, retries=retries)
        with transaction.atomic():
            if OutgoingMessage.objects.all().release(token, **changes) and changes["state"] == State.DEAD:
                failure_notices.tell(message, now=now)
        _mark_channel(message.channel, failed)
        return False
    OutgoingMessage.objects.all().release(token, state=State.SENT, next_at=None, ended_at=now, note="")
    _mark_reached(message.channel, now=now)
    return True


def _refuse_unused(channel: NotificationChannel) -> None:
    if channel.archived_at or not channel.is_enabled:
        raise TransportFailed(_("The channel is not in use."), permanent=True)


def _as_failure(error: Exception) -> TransportFailed:
    if isinstance(error, TransportFailed):
        return error
    if isinstance(error, SecretsUnreadable):
        return TransportFailed(str(error), permanent=True)
    # Not the text of the error: it may hold an address with a secret.
    logger.error("A message could not be sent: %s", type(error).__name__)
    return TransportFailed(type(error).__name__)


def _after_failure(
    message: OutgoingMessage, failed: TransportFailed, *, now: datetime, retries: bool
) -> dict[str, object]:
    """What a failed attempt leaves: the time of the next one, or the end."""
    note = str(failed)[:300]
    next_at = None
    if retries and not failed.permanent:
        chance = random.random()  # noqa: S311 (no secret hangs on it)
        next_at = retry_schedule.next_attempt(message.attempts, now, chance=chance, retry_after=failed.retry_after)
    logger.warning("Message %s on channel %s was not sent: %s", message.pk, message.channel_id, note)
    if next_at is None:
        return {"state": State.DEAD, "next_at": None, "ended_at": now, "note": note}
    return {"state": State.QUEUED, "next_at": next_at, "note": note}


def _mark_channel(channel: NotificationChannel, failed: TransportFailed) -> None:
    NotificationChannel.objects.filter(pk=channel.pk).update(last_error=str(failed)[:300])
    if failed.gone:
        said = _("The receiver answered that it is gone (410).")
        save_fields(channel, is_enabled=False, disabled_reason=said)


def _mark_reached(channel: NotificationChannel, *, now: datetime) -> None:
    """It is back: what waits for its next attempt need not wait any longer."""
    NotificationChannel.objects.filter(pk=channel.pk).update(last_sent_at=now, last_error="")
    if channel.last_error:
        waiting = OutgoingMessage.objects.filter(channel=channel, state=State.QUEUED, next_at__gt=now, attempts__gt=0)
        waiting.update(next_at=now)


def send_again(message: OutgoingMessage, *, now: datetime) -> bool:
    """Whether a dead message is queued once more, with a fresh schedule."""
    dead = OutgoingMessage.objects.dead().filter(pk=message.pk)
    changes = {"attempts": 0, "next_at": now, "ended_at": None, "dismissed_by": None, "dismissed_at": None}
    return dead.update(state=State.QUEUED, **changes) == 1


def dismiss(messages: QuerySet[OutgoingMessage], *, by: User, now: datetime) -> int:
    """Put dead letters away: they are not sent and not counted any more; how many were."""
    count = (
        OutgoingMessage.objects.standing()
        .filter(pk__in=messages.values("pk"))
        .update(dismissed_by=by, dismissed_at=now)
    )
    failing_channels.follow(now=now)
    return count
