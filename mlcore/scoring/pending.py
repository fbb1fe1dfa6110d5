"""Scoring: claim what arrived, judge it outside any transaction, write scores and detections inside one.

New readings at the end of a record are judged step by step (``live``); what goes further back is judged as a whole,
with all the context that its steps rest on. Both come to the same.

What fails for one substation fails for it alone: a batch that cannot be judged step by step is judged group by group,
and a group that cannot be judged at once without those of its substations that cannot be judged at all (``failures``).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, Max, Min, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from core.leases import kept
from mlcore.fleet.groups import NeighbourGroup, ScoringBatch, neighbour_groups, scoring_batches
from mlcore.models import Detector
from mlcore.training.feedback import above_limits
from mlcore.training.schedule import due
from substations.models import PendingRange, Reading

from . import failures, ownership
from .context import judged_from_at_least, moment
from .isolation import fail_alone, store_apart
from .live import NewSteps, judge_new_readings
from .piece import judge_piece, store_piece
from .reconcile import reconcile
from .rejudged import note_judged_again
from .score_rows import score_rows
from .score_storage import make_months, replace_scores
from .scorers import SCORERS, ScorerRegistry

logger = logging.getLogger(__name__)
# chosen: a training that does not come holds nothing up for longer.
PATIENCE_FOR_TRAINING = timedelta(minutes=10)
# Judged at once, and stored in one transaction: what a killed worker has not stored is judged again. Measured with 50
# substations: 10 s and 1 GB a piece; a million took 32 s and 3.2 GB.
MAX_READINGS = 200_000
MIN_PIECE = timedelta(days=7)


def score_pending(*, wait_for_training: bool = False, scorers: ScorerRegistry = SCORERS) -> int:
    """Score every range that waits; how many readings were scored. Any number of workers may run this at once.

    ``wait_for_training`` leaves a group alone for a while whose first training is about to come.
    """
    total, waiting = 0, _waiting()
    for batch in ownership.ours_first(_batches(), waiting) if waiting else []:
        groups = all_groups = [group for group in batch.neighbour_groups if waiting & set(group.ids)]
        if wait_for_training:
            groups = _without_those_that_await_a_model(groups)
        ids = [pk for group in groups for pk in group.ids]
        if ids and (token := PendingRange.objects.claim_all_of(ids, now=timezone.now())):
            with kept(PendingRange.objects.all(), token):
                scored = _score_new_if_possible(batch, token, scorers) if groups == all_groups else None
                total += sum(_score_group(batch, group, token) for group in groups) if scored is None else scored
    return total


def batches_waiting() -> int:
    """How many batches of substations have something to score that nobody works at."""
    waiting = _waiting()
    return sum(bool(waiting & set(batch.ids)) for batch in _batches()) if waiting else 0


def _waiting() -> set[int]:
    now = timezone.now()
    waiting = set(PendingRange.objects.unclaimed(now).values_list("substation", flat=True).distinct())
    return waiting - failures.held_back(now) if waiting else waiting


def _batches() -> list[ScoringBatch]:
    return failures.without(scoring_batches(neighbour_groups()), failures.held_back(timezone.now()))


def _without_those_that_await_a_model(groups: Sequence[NeighbourGroup]) -> list[NeighbourGroup]:
    """Groups that no first training will follow for at once: judged without a model, a record would be judged twice,
    and what fixed limits find would be taken back minutes later. A training that does not come holds nothing up for
    long."""
    ids = [pk for group in groups for pk in group.ids]
    trained = set(Detector.objects.active().filter(substation__in=ids).values_list("substation", flat=True))
    recent = PendingRange.objects.unclaimed(timezone.now()).filter(
        created_at__gt=timezone.now() - PATIENCE_FOR_TRAINING
    )
    return [
        group
        for group in groups
        if trained.issuperset(group.ids)
        or not recent.filter(substation__in=group.ids).exists()
        or not set(due(group)) - trained
    ]


def _score_new_if_possible(batch: ScoringBatch, token: uuid.UUID, scorers: ScorerRegistry) -> int | None:
    """What ``_score_new`` says; None also where it fails: group by group it turns out whose failure that is."""
    try:
        return _score_new(batch, token, scorers)
    except failures.NOT_OF_ONE:
        raise
    except Exception as error:
        failures.log(error, f"The batch of {batch.whole.substations[0].code}, step by step,")
        return None


def _score_new(batch: ScoringBatch, token: uuid.UUID, scorers: ScorerRegistry) -> int | None:
    """Judge the new readings of a batch step by step; None where its claimed ranges are no live readings."""
    start = PendingRange.objects.claimed(token).aggregate(Min("start"))["start__min"]
    steps = judge_new_readings(batch, start, scorers) if start else None
    return None if steps is None else _store_new(batch, steps, token)


def _store_new(batch: ScoringBatch, steps: NewSteps, token: uuid.UUID) -> int:
    analysis = steps.analysis
    first, last = moment(analysis.at_s[0]), moment(analysis.at_s[-1])
    make_months(first, last)
    with transaction.atomic():
        if not _still_held(token):
            return 0
        if not ownership.renew(batch, steps.judged_before, steps.judged_until):
            logger.info("Another result of %s was stored meanwhile: judged again.", batch.whole.substations[0].code)
            PendingRange.objects.release(token)
            return 0
        rows = score_rows(batch.whole, analysis, int(analysis.at_s[0]))
        replace_scores(batch.ids, first, last, rows)
        reconcile(
            steps.tracked,
            above_limits(steps.tracked, steps.findings),
            steps.detectors,
            judged_from=first,
            context_from=steps.context_from,
            now=timezone.now(),
        )
        failures.clear(batch.ids)
        PendingRange.objects.claimed(token).delete()
    return len(rows)


def _score_group(batch: ScoringBatch, group: NeighbourGroup, token: uuid.UUID) -> int:
    """Judge a group; where that fails, without those that fail alone; where that fails too, everybody alone."""
    try:
        return _score_whole(batch, group, token)
    except failures.NOT_OF_ONE:
        raise
    except Exception as error:
        failures.log(error, f"The group of {group.substations[0].code}")
    failed = fail_alone(group, lambda alone: _judge_from_claim(alone, group, token))
    failures.record(failed, token)
    rest, total = failures.group_without(group, failed), 0
    if failed and rest.substations:
        try:
            return _score_whole(batch, rest, token)
        except failures.NOT_OF_ONE:
            raise
        except Exception as error:
            failures.log(error, f"The rest of the group of {group.substations[0].code}")

    def score_alone(alone: NeighbourGroup) -> None:
        nonlocal total
        total += _score_whole(batch, alone, token)

    failures.record(fail_alone(rest, score_alone), token)
    return total


def _judge_from_claim(alone: NeighbourGroup, group: NeighbourGroup, token: uuid.UUID) -> None:
    """Judge one substation over the piece at which its group failed, and store nothing."""
    start, end, _is_last = _next_piece(group, token) or (None, None, True)
    judged = judge_piece(alone, start, end) if start else None
    if judged:
        for error in judged.failed.values():
            raise error


def _score_whole(batch: ScoringBatch, group: NeighbourGroup, token: uuid.UUID) -> int:
    """Judge a group from its first claimed reading to its newest, since every step depends on those before it.

    Piece by piece where there is very much of it: what is stored of one piece is not judged again by a worker that
    takes over.
    """
    pending = PendingRange.objects.claimed(token).filter(substation__in=group.ids)
    total = 0
    while group.substations and (piece := _next_piece(group, token)):
        start, end, is_last = piece
        total += _score_piece(batch, group, token, start, None if is_last else end)
        if is_last:
            break
        pending.filter(start__lt=end).update(start=end, end=Greatest("end", Value(end, DateTimeField())))
        group = failures.group_without(group, failures.held_back(timezone.now()))
    pending.delete()
    return total


def _next_piece(group: NeighbourGroup, token: uuid.UUID) -> tuple[datetime, datetime, bool] | None:
    """Start and end of what is judged next of a claim, and whether it is the last; None where nothing is left."""
    pending = PendingRange.objects.claimed(token).filter(substation__in=group.ids)
    start: datetime | None = pending.aggregate(Min("start"))["start__min"]
    newest: datetime | None = Reading.objects.filter(substation__in=group.ids).aggregate(Max("at"))["at__max"]
    if start is None or newest is None:
        return None
    start = max(start, judged_from_at_least(group) or start)
    if start > newest:
        return None
    longest = timedelta(seconds=MAX_READINGS // len(group.ids) * group.substations[0].reading_interval_s)
    end = min(newest, start + max(longest, MIN_PIECE))
    return start, end, end == newest


def _score_piece(
    batch: ScoringBatch, group: NeighbourGroup, token: uuid.UUID, start: datetime, end: datetime | None
) -> int:
    """Judge the readings of a group between two times (None: to the newest) and store the result.

    A claim that ran out meanwhile belongs to another worker: nothing is written then.
    """
    judged = judge_piece(group, start, end)
    if judged is None:
        return 0
    last = moment(judged.analysis.at_s[-1])
    make_months(moment(judged.judged_s), last)
    with transaction.atomic():
        if not _still_held(token):
            return 0
        ownership.release(batch)  # first, as in _store_new: who locks in one order never waits in a circle
        rows = score_rows(group, judged.analysis, judged.judged_s)
        storable = failures.group_without(group, judged.failed)
        failed = judged.failed | store_apart(storable, lambda part: store_piece(part, judged, rows, end))
        note_judged_again(group, start, end or last)
        failures.record(failed, token)
        kept_ids = failures.group_without(group, failed).ids
        failures.clear(kept_ids)
        if end is None:
            PendingRange.objects.claimed(token).filter(substation__in=kept_ids).delete()
    return sum(row[0] not in failed for row in rows) if failed else len(rows)


def _still_held(token: uuid.UUID) -> bool:
    """Whether a claim has not run out; its rows are locked until the transaction ends."""
    if PendingRange.objects.claimed(token).select_for_update().exists():
        return True
    logger.warning("A claim on new readings ran out; its result is dropped.")
    return False
