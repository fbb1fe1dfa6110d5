"""Substations that cannot be judged: said in the database with the reason, left out of batches, tried again later.

Their pending ranges stay. A retry waits a minute, and twice as long after every further failure, an hour at most.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from mlcore.fleet.groups import NeighbourGroup, ScoringBatch
from mlcore.models import ScoringFailure
from substations.models import PendingRange

logger = logging.getLogger(__name__)

NOT_OF_ONE = (OperationalError, InterfaceError, MemoryError)
"""What no substation is to blame for: the database or the machine. The whole task fails and comes again."""

FIRST_RETRY, MAX_RETRY = timedelta(minutes=1), timedelta(hours=1)
_logged: set[str] = set()


def held_back(now: datetime) -> set[int]:
    """Substations whose next attempt is still to come."""
    return set(ScoringFailure.objects.filter(retry_at__gt=now).values_list("pk", flat=True))


def without(batches: Iterable[ScoringBatch], left_out: set[int]) -> list[ScoringBatch]:
    """Batches of the same neighbour groups without some substations."""
    if not left_out:
        return list(batches)
    parts = [[group_without(group, left_out) for group in batch.neighbour_groups] for batch in batches]
    found = [tuple(group for group in groups if group.substations) for groups in parts]
    return [ScoringBatch(groups) for groups in found if groups]


def group_without(group: NeighbourGroup, left_out: Iterable[int]) -> NeighbourGroup:
    """A group without some substations; the others keep their order."""
    gone = set(left_out)
    return NeighbourGroup(tuple(each for each in group.substations if each.pk not in gone))


def record(failed: Mapping[int, Exception], token: uuid.UUID) -> None:
    """Say why substations cannot be judged, and give back their pending ranges of a claim."""
    now = timezone.now()
    known = {each.pk: each for each in ScoringFailure.objects.filter(pk__in=failed)}
    for pk, error in failed.items():
        before = known.get(pk)
        attempts = before.attempts + 1 if before else 1
        wait = min(FIRST_RETRY * 2 ** min(attempts - 1, 16), MAX_RETRY)
        values = {"reason": reason_of(error), "failed_at": now, "retry_at": now + wait, "attempts": attempts}
        first = {"first_failed_at": before.first_failed_at if before else now}
        ScoringFailure.objects.update_or_create(pk=pk, defaults=values | first)
        log(error, f"Substation {pk}")
    PendingRange.objects.filter(substation__in=list(failed)).release(token)


def clear(ids: Sequence[int]) -> None:
    """These substations have been judged; in the transaction that writes what was found."""
    ScoringFailure.objects.filter(pk__in=ids).delete()


def reason_of(error: Exception) -> str:
    """One line for a person."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[: ScoringFailure.MAX_REASON]


def log(error: Exception, what: str) -> None:
    """With the traceback the first time that this process meets a kind of failure, in one line after that."""
    frames = traceback.extract_tb(error.__traceback__)
    kind = f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__
    is_new = kind not in _logged
    _logged.add(kind)
    logger.error("%s cannot be judged: %s", what, reason_of(error), exc_info=error if is_new else None)
