"""Scoring: claim what arrived, judge it outside any transaction, write scores and detections inside one.

New readings at the end of a record are judged step by step (``live``); what goes further back is judged as a whole,
with all the context that its steps rest on. Both come to the same.
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

from mlcore.detector import analyse_fleet
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup, ScoringBatch, neighbour_groups, scoring_batches
from mlcore.models import Detector
from mlcore.training.feedback import above_limits
from mlcore.training.schedule import due
from mlcore.training.store import load_detectors
from substations.models import Reading, Span

from . import live, ownership
from .claims import LEASE_FOR, kept
from .context import context_start, moment, ongoing_since_s, step_s
from .reconcile import reconcile
from .score_rows import score_rows
from .score_storage import replace_scores

logger = logging.getLogger(__name__)
PATIENCE_FOR_TRAINING = timedelta(minutes=10)
# Judged at once: about two hundred numbers of each reading are in memory.
MAX_READINGS = 1_000_000
MIN_PIECE = timedelta(days=7)


def score_pending(*, wait_for_training: bool = False) -> int:
    """Score every span that waits; how many readings were scored. Any number of workers may run this at once.

    ``wait_for_training`` leaves a group alone for a while whose first training is about to come.
    """
    total, waiting = 0, _waiting()
    for batch in ownership.mine_first(scoring_batches(neighbour_groups()), waiting) if waiting else []:
        wanted = all_wanted = [group for group in batch.neighbour_groups if waiting & set(group.ids)]
        if wait_for_training:
            wanted = _without_those_that_await_a_model(wanted)
        ids = [pk for group in wanted for pk in group.ids]
        if ids and (token := Span.objects.claim(ids, now=timezone.now(), lease_for=LEASE_FOR)):
            with kept(token):
                followed = _follow(batch, token) if wanted == all_wanted else None
                total += sum(_score_whole(batch, each, token) for each in wanted) if followed is None else followed
    return total


def batches_waiting() -> int:
    """How many batches of substations have something to score that nobody works at."""
    waiting = _waiting()
    return sum(bool(waiting & set(batch.ids)) for batch in scoring_batches(neighbour_groups())) if waiting else 0


def _waiting() -> set[int]:
    return set(Span.objects.waiting(timezone.now()).values_list("substation", flat=True).distinct())


def _without_those_that_await_a_model(wanted: Sequence[NeighbourGroup]) -> list[NeighbourGroup]:
    """Groups that no first training will follow for at once: judged without a model, a record would be judged twice,
    and what fixed limits find would be taken back minutes later. A training that does not come holds nothing up for
    long."""
    ids = [pk for group in wanted for pk in group.ids]
    trained = set(Detector.objects.active().filter(substation__in=ids).values_list("substation", flat=True))
    recent = Span.objects.waiting(timezone.now()).filter(created_at__gt=timezone.now() - PATIENCE_FOR_TRAINING)
    return [
        group
        for group in wanted
        if trained.issuperset(group.ids)
        or not recent.filter(substation__in=group.ids).exists()
        or not set(due(group)) - trained
    ]


def _follow(batch: ScoringBatch, token: uuid.UUID) -> int | None:
    """Judge the new readings of a batch step by step; None where its claimed spans are no live readings."""
    start = Span.objects.claimed(token).aggregate(Min("start"))["start__min"]
    found = live.follow(batch, start) if start else None
    return None if found is None else _store_followed(batch, found, token)


def _store_followed(batch: ScoringBatch, found: live.Followed, token: uuid.UUID) -> int:
    analysis = found.analysis
    first = moment(analysis.at_s[0])
    with transaction.atomic():
        if not _still_held(token):
            return 0
        if not ownership.keep(batch, found.judged_before, found.judged_until):
            logger.info("Another result of %s was stored meanwhile: judged again.", batch.whole.substations[0].code)
            Span.objects.claimed(token).update(claimed_until=None, claimed_by=None)
            return 0
        rows = score_rows(batch.whole, analysis, int(analysis.at_s[0]))
        replace_scores(batch.ids, first, moment(analysis.at_s[-1]), rows)
        reconcile(
            found.watched,
            above_limits(found.watched, found.findings),
            found.detectors,
            judged_from=first,
            context_from=found.context_from,
            now=timezone.now(),
        )
        Span.objects.claimed(token).delete()
    return len(rows)


def _score_whole(batch: ScoringBatch, group: NeighbourGroup, token: uuid.UUID) -> int:
    """Judge a group from its first claimed reading to its newest, since every step depends on those before it.

    Piece by piece where there is very much of it: what is stored of one piece is not judged again by a worker that
    takes over.
    """
    spans = Span.objects.claimed(token).filter(substation__in=group.ids)
    start = spans.aggregate(Min("start"))["start__min"]
    newest = Reading.objects.filter(substation__in=group.ids).aggregate(Max("at"))["at__max"]
    longest = timedelta(seconds=MAX_READINGS // len(group.ids) * group.substations[0].reading_interval_s)
    total = 0
    while start is not None and newest is not None and spans.exists():
        end = min(newest, start + max(longest, MIN_PIECE))
        total += _score_piece(batch, group, token, start, None if end == newest else end)
        if end == newest:
            break
        spans.filter(start__lt=end).update(start=end, end=Greatest("end", Value(end, DateTimeField())))
        start = end
    spans.delete()
    return total


def _score_piece(
    batch: ScoringBatch, group: NeighbourGroup, token: uuid.UUID, start: datetime, end: datetime | None
) -> int:
    """Judge the readings of a group between two times (None: to the newest) and store the result.

    1. The context before it is what the trailing windows reach back to, or the start of an episode that goes on.
    2. Findings are asked for from the start of the episodes that go on: their end may turn out to lie before the range.
    3. A claim that ran out meanwhile belongs to another worker: nothing is written then.
    """
    detectors, stored = load_detectors(group)
    plates = {detector.substation_id: detector.meta.get("nameplate", {}) for detector in stored.values()}
    fleet = reading_grid.load(group, context_start(group, start), end, plates)
    if fleet is None:
        return 0
    judged_s = step_s(group, start)
    analysis = analyse_fleet(fleet, detectors, start_s=min(judged_s, ongoing_since_s(group, start)))
    with transaction.atomic():
        if not _still_held(token):
            return 0
        ownership.forget(batch)  # first, as in _store_followed: who locks in one order never waits in a circle
        rows = score_rows(group, analysis, judged_s)
        replace_scores(group.ids, moment(judged_s), moment(fleet.at_s[-1]), rows)
        reconcile(
            group,
            above_limits(group, analysis.findings),
            stored,
            judged_from=moment(judged_s),
            judged_until=end and moment(fleet.at_s[-1]),
            context_from=moment(fleet.at_s[0]),
            now=timezone.now(),
        )
        if end is None:
            Span.objects.claimed(token).filter(substation__in=group.ids).delete()
    return len(rows)


def _still_held(token: uuid.UUID) -> bool:
    """Whether a claim has not run out; its rows are locked until the transaction ends."""
    if Span.objects.claimed(token).select_for_update().exists():
        return True
    logger.warning("A claim on new readings ran out; its result is dropped.")
    return False
