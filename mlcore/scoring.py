"""Scoring: claim what arrived, judge it outside any transaction, write scores and detections inside one."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from substations.models import Reading, Span
from substations.querysets import SpanQuerySet

from . import fleets
from .bulk import replace_scores
from .detector import analyse_fleet
from .diagnosis.pipeline import CHANNELS, CONTEXT_HOURS, Analysis, Status
from .feedback import above_limits
from .models import Detection, Detector
from .reconcile import reconcile
from .schedule import due
from .shards import Shard, shards
from .stored import load_detectors

logger = logging.getLogger(__name__)
LEASE_FOR = timedelta(minutes=2)
PATIENCE_FOR_TRAINING = timedelta(minutes=10)
# An episode that goes on is judged again from before its start, but not further back than this.
LONGEST_LOOK_BACK = timedelta(days=60)
# A detection starts when its alarm was raised; what it is about began up to this long before.
ONSET_BEFORE_RAISE = timedelta(hours=24)


def score_pending(*, wait_for_training: bool = False) -> int:
    """Score every span that waits; how many readings were scored. Any number of workers may run this at once.

    ``wait_for_training`` leaves a shard alone for a while whose first training is about to come.
    """
    total = 0
    for shard in shards():
        now = timezone.now()
        waiting = Span.objects.waiting(now).filter(substation__in=shard.ids)
        if not waiting.exists() or (wait_for_training and _awaits_first_model(shard, waiting, now)):
            continue
        if token := Span.objects.claim(shard.ids, now=now, lease_for=LEASE_FOR):
            total += _score_claimed(shard, token)
    return total


def _awaits_first_model(shard: Shard, waiting: SpanQuerySet, now: datetime) -> bool:
    """Whether a first training will follow at once: judged without a model, the record would be judged twice, and what
    fixed limits find would be taken back minutes later. A training that does not come holds nothing up for long."""
    if not waiting.filter(created_at__gt=now - PATIENCE_FOR_TRAINING).exists():
        return False
    trained = set(Detector.objects.active().filter(substation__in=shard.ids).values_list("substation", flat=True))
    return bool(set(due(shard)) - trained)


def _score_claimed(shard: Shard, token: Any) -> int:
    """Judge the claimed spans of a shard and store the result.

    1. The range is from the first claimed reading to the newest of the shard: a step depends on those before it.
    2. The context before it is what the trailing windows reach back to, or the start of an episode that goes on.
    3. Findings are asked for from the start of the episodes that go on: their end may turn out to lie before the range.
    4. A claim that ran out meanwhile belongs to another worker: nothing is written then.
    """
    spans = Span.objects.claimed(token)
    start = spans.aggregate(Min("start"))["start__min"]
    newest = Reading.objects.filter(substation__in=shard.ids).aggregate(Max("at"))["at__max"]
    if start is None or newest is None:
        spans.delete()
        return 0
    detectors, stored = load_detectors(shard)
    plates = {detector.substation_id: detector.meta.get("nameplate", {}) for detector in stored.values()}
    fleet = fleets.load(shard, _context_start(shard, start), newest, plates)
    if fleet is None:
        spans.delete()
        return 0
    judged_s = _step_s(shard, start)
    with _claim_kept(token):
        analysis = analyse_fleet(fleet, detectors, start_s=min(judged_s, _ongoing_since_s(shard, start)))
    with transaction.atomic():
        if not spans.select_for_update().exists():
            logger.warning("The claim on the shard of %s ran out; its result is dropped.", shard.substations[0].code)
            return 0
        rows = _rows(shard, analysis, judged_s)
        replace_scores(shard.ids, _at(judged_s), _at(fleet.at_s[-1]), rows)
        reconcile(
            shard,
            above_limits(shard, analysis.findings),
            stored,
            judged_from=_at(judged_s),
            context_from=_at(fleet.at_s[0]),
            now=timezone.now(),
        )
        spans.delete()
    return len(rows)


@contextmanager
def _claim_kept(token: Any) -> Iterator[None]:
    """Renew a claim while a long record is judged; it ends by itself when this process dies."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE_FOR.total_seconds() / 4):
            Span.objects.claimed(token).update(claimed_until=timezone.now() + LEASE_FOR)
        connection.close()

    keeper = threading.Thread(target=renew, name="claim keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join(5)


def _step_s(shard: Shard, at: datetime) -> int:
    """The step of the shard's grid that a reading of this time lies on: a meter's clock may be off."""
    interval_s = shard.substations[0].reading_interval_s
    return fleets.nearest_step(math.floor(at.timestamp()), interval_s) * interval_s


def _context_start(shard: Shard, start: datetime) -> datetime:
    ongoing = Detection.objects.touching(start, None).filter(substation__in=shard.ids)
    earliest = ongoing.aggregate(Min("start"))["start__min"] or start
    earliest = max(min(earliest, start), start - LONGEST_LOOK_BACK)
    return earliest - ONSET_BEFORE_RAISE - timedelta(hours=CONTEXT_HOURS)


def _ongoing_since_s(shard: Shard, start: datetime) -> int:
    ongoing = Detection.objects.ongoing().filter(substation__in=shard.ids)
    earliest = ongoing.aggregate(Min("start"))["start__min"] or start
    return int(earliest.timestamp())


STATUS = {
    Status.OK: 0,
    Status.WARMING: 1,
    Status.DE_ENERGISED: 2,
    Status.BAD_DATA: 3,
}


def _rows(shard: Shard, analysis: Analysis, since_s: int) -> list[tuple[Any, ...]]:
    """One tuple per present reading from a time on, in the order of ``bulk.COLUMNS``."""
    first = int(np.searchsorted(analysis.at_s, since_s))
    power_factor = analysis.bands["power_factor"]
    columns = [
        power_factor.expected,
        power_factor.low,
        power_factor.high,
        analysis.local_loss_kw,
        analysis.extra_loss_kw,
        analysis.avoidable_loss_kw,
    ]
    times = [_at(second) for second in analysis.at_s]
    rows: list[tuple[Any, ...]] = []
    network = analysis.network_score
    for index, pk in enumerate(shard.ids):
        present = np.nonzero(analysis.status[index, first:] != Status.ABSENT)[0] + first
        numbers = [
            _plain(column[index, present]) for column in (analysis.score, analysis.expected_reactive_kvar, *columns)
        ]
        worst = [CHANNELS[channel] if channel >= 0 else "" for channel in analysis.worst_channel[index, present]]
        status = [STATUS[Status(value)] for value in analysis.status[index, present]]
        when = [times[step] for step in present]
        opinion = [None] * len(present) if network is None else _plain(network[index, present])
        rows += zip([pk] * len(present), when, numbers[0], worst, status, opinion, *numbers[1:], strict=True)
    return rows


def _plain(values: Any) -> list[float | None]:
    """Python floats, None for what is not finite: a database has no NaN."""
    return [value if math.isfinite(value) else None for value in values.tolist()]


def _at(second: Any) -> datetime:
    return datetime.fromtimestamp(int(second), UTC)
