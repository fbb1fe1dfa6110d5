"""Which worker process owns the scorer of which batch: the others leave the batch to that one while it is alive."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Min, QuerySet
from django.utils import timezone

from mlcore.fleet.groups import ScoringBatch
from mlcore.models import ScorerOwnership
from substations.models import PendingRange

from . import running_workers

PATIENCE = timedelta(seconds=20)
QUICKLY_STARTED = 100
"""To start the scorer of a large batch in another process costs seconds: wait this long for the one that has it. A
batch of up to so many substations starts in less than a second (measured: docs/engine.md)."""

_process: tuple[int, uuid.UUID] = (0, uuid.uuid4())


def this_process() -> uuid.UUID:
    """A name for this very process: a forked one gets a name of its own."""
    global _process
    if _process[0] != os.getpid():
        _process = os.getpid(), uuid.uuid4()
    return _process[1]


def ours_first(batches: Sequence[ScoringBatch], waiting: set[int]) -> Iterator[ScoringBatch]:
    """Batches with something to judge: those of this process, then nobody's, then those whose owner does not come.

    Nobody's are also those of a process that has ended.
    """
    waiting_batches = [batch for batch in batches if waiting & set(batch.ids)]
    stored = ScorerOwnership.objects.filter(first__in=[batch.ids[0] for batch in waiting_batches])
    owners = dict(stored.values_list("first", "process"))
    ended = {owner for owner in set(owners.values()) if running_workers.has_ended(owner)}
    owners = {first: owner for first, owner in owners.items() if owner not in ended}
    process = this_process()
    theirs = [batch for batch in waiting_batches if owners.get(batch.ids[0], process) != process]
    yield from (batch for batch in waiting_batches if owners.get(batch.ids[0]) == process)
    yield from (batch for batch in waiting_batches if batch.ids[0] not in owners)
    yield from (batch for batch in theirs if len(batch.ids) <= QUICKLY_STARTED or _is_overdue(batch))


def _is_overdue(batch: ScoringBatch) -> bool:
    arrived = PendingRange.objects.unclaimed(timezone.now()).filter(substation__in=batch.ids)
    oldest: datetime | None = arrived.aggregate(Min("created_at"))["created_at__min"]
    return oldest is not None and oldest < timezone.now() - PATIENCE


def is_ours(batch: ScoringBatch, judged_until: datetime) -> bool:
    """Whether nobody has judged this batch since this process judged it up to a time."""
    return _ours(batch, judged_until).exists()


def acquire(batch: ScoringBatch, judged_until: datetime) -> None:
    """This process starts a scorer of the batch; whatever is stored of the batch meanwhile takes that back."""
    running_workers.note_running(this_process())
    ScorerOwnership.objects.filter(first__in=batch.ids[1:]).delete()
    values = {"process": this_process(), "judged_until": judged_until}
    ScorerOwnership.objects.update_or_create(first_id=batch.ids[0], defaults=values)


def take_over(batch: ScoringBatch, from_process: uuid.UUID, judged_until: datetime) -> bool:
    """This process goes on from what another remembered; False where that one was not the last to judge the batch."""
    running_workers.note_running(this_process())
    theirs = ScorerOwnership.objects.filter(first=batch.ids[0], process=from_process, judged_until__gte=judged_until)
    return bool(theirs.update(process=this_process(), judged_until=judged_until))


def renew(batch: ScoringBatch, before: datetime, judged_until: datetime) -> bool:
    """This process has judged the batch from one time to another; in the transaction that writes the result.

    False where somebody stored a result of this batch in between: this one may lack readings that the other has seen.
    """
    return bool(_ours(batch, before).update(judged_until=judged_until))


def release(batch: ScoringBatch) -> None:
    """Nobody's scorer of this batch is up to date any more."""
    ScorerOwnership.objects.filter(first__in=batch.ids).delete()


def _ours(batch: ScoringBatch, judged_until: datetime) -> QuerySet[ScorerOwnership]:
    return ScorerOwnership.objects.filter(first=batch.ids[0], process=this_process(), judged_until=judged_until)
