"""Which hours have to be worked out (again), and working them out.

Readings that arrive leave a ``StaleRange`` of just the time they are of. Their hours are accounted once they have been
judged; hours whose judgement alone has changed (a newer model, a late reading before them) once more. The hours of a
network belong together: the current of one substation heats the lines of all.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from core.leases import LeasedQuerySet, kept
from losses.corrections import mark_corrected
from losses.line_days import replace_line_hours
from losses.networks import AccountedBatch, accounted_batches
from losses.pruned_hours import with_hours_kept
from losses.rollup_storage import hour_start, moved_hours, replace_hours
from losses.rollups import accounted_hours
from mlcore.models import ScoringFailure
from substations.models import PendingRange, StaleRange

logger = logging.getLogger(__name__)
HOUR = timedelta(hours=1)
MAX_READINGS = 500_000
"""Chosen: accounted at once; some hundred numbers of each are in memory."""

MAX_GAP = timedelta(hours=24)
"""Chosen: as long as the context that every stretch is loaded with anyway; hours closer than this are one stretch."""


def account_pending(*, judged_only: bool = True) -> int:
    """Work out every hour that waits and has been judged; how many were stored. Any number of workers may run this.

    judged_only: hours that nobody will judge are waited for as well; False accounts them without an excess loss.
    """
    mark_corrected()
    total = 0
    for batch in accounted_batches(_waiting(judged_only).values_list("substation", flat=True)):
        ready = _waiting(judged_only).filter(substation__in=batch.ids)
        if token := ready.claim(now=timezone.now()):
            with kept(StaleRange.objects.all(), token):
                total += _account(batch, token)
    return total


def has_pending() -> bool:
    """Whether hours wait that can be worked out, or a correction has just made some."""
    mark_corrected()
    return _waiting(judged_only=True).exists()


def _waiting(judged_only: bool) -> LeasedQuerySet[StaleRange]:
    """Ranges that nobody works at; of substations with nothing left to judge, or that cannot be judged."""
    unclaimed = StaleRange.objects.unclaimed(timezone.now())
    if not judged_only:
        return unclaimed
    waits = PendingRange.objects.filter(substation=OuterRef("substation"))
    failing = ScoringFailure.objects.filter(substation=OuterRef("substation"))
    return unclaimed.filter(~Exists(waits) | Exists(failing))


def _account(batch: AccountedBatch, token: uuid.UUID) -> int:
    """Account the hours of a claim, stretch by stretch; a claim that ran out belongs to another worker."""
    claimed = StaleRange.objects.claimed(token)
    hours = _hours(batch, claimed.filter(is_certain=True)) | moved_hours(batch, claimed.filter(is_certain=False))
    total = 0
    for stretch in _stretches(sorted(hours), len(batch.substations) * HOUR.total_seconds() / batch.interval_s):
        found = accounted_hours(batch, stretch[0], stretch[-1] + HOUR).only(hours)
        with transaction.atomic():
            if not StaleRange.objects.claimed(token).select_for_update().exists():
                logger.warning("A claim on hours to account ran out; its result is dropped.")
                return total
            found = with_hours_kept(batch, stretch, found)
            replace_hours(batch, stretch, found.rows)
            replace_line_hours(batch, stretch, found.lines)
        total += len(found.rows)
    StaleRange.objects.claimed(token).delete()
    return total


def _hours(batch: AccountedBatch, ranges: Iterable[StaleRange]) -> set[datetime]:
    """The starts of the hours that ranges touch, by the clock of the batch."""
    found: set[datetime] = set()
    for each in ranges:
        hour = hour_start(each.start, batch.zone)
        while hour <= each.end:
            found.add(hour)
            hour += HOUR
    return found


def _stretches(hours: list[datetime], readings_per_hour: float) -> Iterator[list[datetime]]:
    """Hours that are loaded together: close to each other, and not more readings than fit into memory."""
    largest = max(1.0, MAX_READINGS / readings_per_hour)
    stretch: list[datetime] = []
    for hour in hours:
        is_far = stretch and (hour - stretch[-1] > MAX_GAP or (hour - stretch[0]) / HOUR >= largest)
        if is_far:
            yield stretch
            stretch = []
        stretch.append(hour)
    if stretch:
        yield stretch
