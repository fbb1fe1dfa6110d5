"""Which worker process holds the stream of which batch: the others leave it to that one while it is alive."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from mlcore.fleet.groups import ScoringBatch
from mlcore.models import ScorerOwnership
from substations.models import Span

# To start the stream of a large batch in another process costs seconds: wait that long for the one that has it.
PATIENCE = timedelta(seconds=20)
QUICKLY_STARTED = 100

_process: tuple[int, uuid.UUID] = (0, uuid.uuid4())


def this_process() -> uuid.UUID:
    """A name for this very process: a forked one gets a name of its own."""
    global _process
    if _process[0] != os.getpid():
        _process = os.getpid(), uuid.uuid4()
    return _process[1]


def mine_first(scoring_batches: Sequence[ScoringBatch], waiting: set[int]) -> Iterator[ScoringBatch]:
    """Blocks with something to judge: those that this process follows, then nobody's, then what others left lying."""
    wanted = [batch for batch in scoring_batches if waiting & set(batch.ids)]
    keepers = {
        keeper.first_id: keeper
        for keeper in ScorerOwnership.objects.filter(first__in=[batch.ids[0] for batch in wanted])
    }
    mine = this_process()
    theirs = [b for b in wanted if b.ids[0] in keepers and keepers[b.ids[0]].process != mine]
    yield from (b for b in wanted if b.ids[0] in keepers and keepers[b.ids[0]].process == mine)
    yield from (b for b in wanted if b.ids[0] not in keepers)
    yield from (b for b in theirs if len(b.ids) <= QUICKLY_STARTED or _left_lying(b))


def _left_lying(batch: ScoringBatch) -> bool:
    arrived = Span.objects.waiting(timezone.now()).filter(substation__in=batch.ids)
    oldest: datetime | None = arrived.aggregate(Min("created_at"))["created_at__min"]
    return oldest is not None and oldest < timezone.now() - PATIENCE


def holds(batch: ScoringBatch, judged_until: datetime) -> bool:
    """Whether nobody has judged this batch since this process judged it up to a time."""
    return ScorerOwnership.objects.filter(
        first=batch.ids[0], process=this_process(), judged_until=judged_until
    ).exists()


def begin(batch: ScoringBatch, judged_until: datetime) -> None:
    """This process starts a stream of the batch; whatever is stored of the batch meanwhile takes that back."""
    ScorerOwnership.objects.filter(first__in=batch.ids[1:]).delete()
    values = {"process": this_process(), "judged_until": judged_until}
    ScorerOwnership.objects.update_or_create(first_id=batch.ids[0], defaults=values)


def keep(batch: ScoringBatch, before: datetime, judged_until: datetime) -> bool:
    """This process has followed the batch from one time to another; in the transaction that writes what it found.

    False where somebody stored a result of this batch in between: what was found may lack readings that one has seen.
    """
    mine = ScorerOwnership.objects.filter(first=batch.ids[0], process=this_process(), judged_until=before)
    return bool(mine.update(judged_until=judged_until))


def forget(batch: ScoringBatch) -> None:
    """Nobody's stream of this batch is up to date any more."""
    ScorerOwnership.objects.filter(first__in=batch.ids).delete()
