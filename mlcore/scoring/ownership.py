"""Which worker process holds the stream of which block: the others leave it to that one while it is alive."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from mlcore.fleet.groups import Block
from mlcore.models import StreamKeeper
from substations.models import PendingRange

# To start the stream of a large block in another process costs seconds: wait that long for the one that has it.
PATIENCE = timedelta(seconds=20)
QUICKLY_STARTED = 100

_process: tuple[int, uuid.UUID] = (0, uuid.uuid4())


def this_process() -> uuid.UUID:
    """A name for this very process: a forked one gets a name of its own."""
    global _process
    if _process[0] != os.getpid():
        _process = os.getpid(), uuid.uuid4()
    return _process[1]


def mine_first(blocks: Sequence[Block], waiting: set[int]) -> Iterator[Block]:
    """Blocks with something to judge: those that this process follows, then nobody's, then what others left lying."""
    wanted = [block for block in blocks if waiting & set(block.ids)]
    keepers = {
        keeper.first_id: keeper for keeper in StreamKeeper.objects.filter(first__in=[block.ids[0] for block in wanted])
    }
    mine = this_process()
    theirs = [b for b in wanted if b.ids[0] in keepers and keepers[b.ids[0]].process != mine]
    yield from (b for b in wanted if b.ids[0] in keepers and keepers[b.ids[0]].process == mine)
    yield from (b for b in wanted if b.ids[0] not in keepers)
    yield from (b for b in theirs if len(b.ids) <= QUICKLY_STARTED or _left_lying(b))


def _left_lying(block: Block) -> bool:
    arrived = PendingRange.objects.waiting(timezone.now()).filter(substation__in=block.ids)
    oldest: datetime | None = arrived.aggregate(Min("created_at"))["created_at__min"]
    return oldest is not None and oldest < timezone.now() - PATIENCE


def holds(block: Block, judged_until: datetime) -> bool:
    """Whether nobody has judged this block since this process judged it up to a time."""
    return StreamKeeper.objects.filter(first=block.ids[0], process=this_process(), judged_until=judged_until).exists()


def begin(block: Block, judged_until: datetime) -> None:
    """This process starts a stream of the block; whatever is stored of the block meanwhile takes that back."""
    StreamKeeper.objects.filter(first__in=block.ids[1:]).delete()
    values = {"process": this_process(), "judged_until": judged_until}
    StreamKeeper.objects.update_or_create(first_id=block.ids[0], defaults=values)


def keep(block: Block, before: datetime, judged_until: datetime) -> bool:
    """This process has followed the block from one time to another; in the transaction that writes what it found.

    False where somebody stored a result of this block in between: what was found may lack readings that one has seen.
    """
    mine = StreamKeeper.objects.filter(first=block.ids[0], process=this_process(), judged_until=before)
    return bool(mine.update(judged_until=judged_until))


def forget(block: Block) -> None:
    """Nobody's stream of this block is up to date any more."""
    StreamKeeper.objects.filter(first__in=block.ids).delete()
