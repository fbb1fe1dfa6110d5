"""Substations that cannot be judged: left out of batches until their next attempt. Their pending ranges stay."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from core.retries import DATABASE_AWAY, log_failure
from mlcore.fleet.groups import NeighbourGroup, ScoringBatch
from mlcore.models import ScoringFailure
from substations.models import PendingRange

logger = logging.getLogger(__name__)

NOT_OF_ONE = (*DATABASE_AWAY, MemoryError)
"""What no substation is to blame for: the database or the machine. The whole task fails and comes again."""


def held_back(now: datetime) -> set[int]:
    """Substations whose next attempt is still to come."""
    return ScoringFailure.objects.held_back(now)


def without(batches: Iterable[ScoringBatch], left_out: set[int]) -> list[ScoringBatch]:
    """Batches of the same neighbour groups without some substations."""
    if not left_out:
        return list(batches)
    parts = [[group_without(group, left_out) for group in batch.neighbour_groups] for batch in batches]
    filled = [tuple(group for group in groups if group.substations) for groups in parts]
    return [ScoringBatch(groups) for groups in filled if groups]


def group_without(group: NeighbourGroup, left_out: Iterable[int]) -> NeighbourGroup:
    """A group without some substations; the others keep their order."""
    gone = set(left_out)
    return NeighbourGroup(tuple(substation for substation in group.substations if substation.pk not in gone))


def record(failed: Mapping[int, Exception], token: uuid.UUID) -> None:
    """Say why substations cannot be judged, and give back their pending ranges of a claim."""
    ScoringFailure.objects.record(failed)
    for pk, error in failed.items():
        log(error, f"Substation {pk}")
    PendingRange.objects.filter(substation__in=list(failed)).release(token)


def clear(ids: Sequence[int]) -> None:
    """These substations have been judged; in the transaction that writes what was found."""
    ScoringFailure.objects.succeeded(ids)


def log(error: Exception, what: str) -> None:
    log_failure(logger, f"{what} cannot be judged", error)
