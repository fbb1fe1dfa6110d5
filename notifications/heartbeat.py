"""Whether alarms would reach somebody now: evaluation, sweep and outbox, each with when it was last up to date.

A dead man's switch: ``/heartbeat/`` answers 200 only while all of it is fresh, and the address of the site's own
monitor is called only then. Silence is the alarm.
"""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from alerts import review
from mlcore.services import scoring_health

from .channel_models import Pulse
from .outbox_models import Delivery, OutgoingMessage
from .routing import unrouted

logger = logging.getLogger(__name__)
SWEEP, REVIEW, OUTBOX = "sweep", "review", "outbox"
# chosen: the sweep runs every ten seconds; several may be lost without anybody having to know.
LATE_AFTER = {SWEEP: timedelta(minutes=2), REVIEW: timedelta(minutes=5), OUTBOX: timedelta(minutes=5)}
PING_TIMEOUT_S = 10
"""chosen: as for webhooks."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """What is not fresh, and since when; None: nothing is known of it."""

    name: str
    since: datetime | None


def beat(name: str, *, now: datetime) -> None:
    """This part is up to date."""
    Pulse.objects.update_or_create(name=name, defaults={"at": now})


def swept(*, now: datetime) -> None:
    """Called by the sweep: it runs, and whatever has nothing left to do is up to date as well."""
    beat(SWEEP, now=now)
    if not review.has_unreviewed():
        beat(REVIEW, now=now)
    if oldest_waiting(now=now) is None:
        beat(OUTBOX, now=now)


def oldest_waiting(*, now: datetime) -> datetime | None:
    """Since when the oldest event waits to be routed, or a message that is due to be tried."""
    event = unrouted().order_by().aggregate(at=Min("at"))["at"]
    message = OutgoingMessage.objects.due(now).order_by().aggregate(at=Min("next_at"))["at"]
    return min((at for at in (event, message) if at is not None), default=None)


def has_work(now: datetime) -> bool:
    """Whether a round of routing and sending would find something to do."""
    from .escalations import due

    return (
        oldest_waiting(now=now) is not None
        or due(now).exists()
        or Delivery.objects.filter(state__in=Delivery.UNSENT, wait_until__lte=now).exists()
    )


def late_pulses(*, now: datetime) -> list[Lateness]:
    """Which of sweep, review and outbox are late. One that is ahead was written by another clock: it proves nothing."""
    pulses = {pulse.name: pulse.at for pulse in Pulse.objects.all()}
    return [
        Lateness(name, pulses.get(name))
        for name, limit in LATE_AFTER.items()
        if name not in pulses or abs(now - pulses[name]) > limit
    ]


def late_parts(*, now: datetime) -> list[Lateness]:
    """What is late, scoring too; empty while everything is fresh."""
    late = late_pulses(now=now)
    if scoring_health(now).state == "lagging":
        late.append(Lateness("scoring", None))
    return late


def ping_monitor(*, now: datetime) -> bool:
    """Call the site's own monitor while everything is fresh; whether it was called."""
    if not settings.HEARTBEAT_URL or late_parts(now=now):
        return False
    request = urllib.request.Request(settings.HEARTBEAT_URL, headers={"User-Agent": "Smart-EMS"})  # noqa: S310 (a setting)
    try:
        with urllib.request.urlopen(request, timeout=PING_TIMEOUT_S):  # noqa: S310 (checked at the start: http or https)
            return True
    except (urllib.error.URLError, OSError, ValueError) as error:
        logger.warning("The monitor could not be called: %s", type(error).__name__)
        return False
