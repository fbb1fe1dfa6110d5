"""The streams of this process: batches of substations that are judged step by step as their readings come in."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from mlcore.autoencoders import AutoencoderStack, worth_saying
from mlcore.detector import opinion_on
from mlcore.diagnosis import judgement
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import HistoryError
from mlcore.diagnosis.incremental import Stream
from mlcore.diagnosis.judgement import CONTEXT_HOURS, Analysis, Judged
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup, ScoringBatch
from mlcore.models import Detection, Detector
from mlcore.training.store import load_detectors
from substations.models import Link

from . import ownership
from .context import context_start, moment, step_s

logger = logging.getLogger(__name__)

LONGEST = timedelta(days=1)
"""What goes further back is no live reading: it is judged as a whole."""

LINK_FIELDS = ("pk", "source", "target", "status", "r_ohm", "x_ohm", "length_km")

LATE = timedelta(hours=2)
MIN_LATE_STEPS, MAX_LATE_STEPS = 4, 24


@dataclass
class Follower:
    """A batch's stream with what does not change from one reading to the next.

    facts: what the stream was started with; other facts need another stream. fleet: codes, plates and topology.
    """

    facts: Any
    stream: Stream
    fleet: Fleet
    detectors: dict[str, Detector]


@dataclass(frozen=True)
class Followed:
    """New steps of a batch: what to store of each, and the findings on the substations that are watched."""

    analysis: Analysis
    findings: list[Finding]
    watched: NeighbourGroup
    detectors: dict[str, Detector]
    context_from: datetime
    judged_before: datetime
    judged_until: datetime


_followers: dict[tuple[int, ...], Follower] = {}


def follow(batch: ScoringBatch, start: datetime) -> Followed | None:
    """Judge a batch from ``start`` to its newest reading; None where that is no stretch of live readings."""
    whole = batch.whole
    if whole.newest - start > LONGEST:
        _followers.pop(batch.ids, None)
        return None
    first_s = step_s(whole, start)
    follower = _followers.pop(batch.ids, None)  # put back when all went well
    if follower is None or not _is_current(batch, follower, first_s):
        _forget_overlapping(batch)
        ownership.begin(batch, moment(first_s))
        follower, before = _start(batch, first_s), moment(first_s)
    else:
        before = moment(follower.stream.judged_until_s)
    until_s = follower.stream.judged_until_s
    first_s = first_s if until_s is None else min(first_s, until_s)
    half = timedelta(seconds=follower.fleet.interval_s / 2)
    at_s, values = reading_grid.readings(whole, moment(first_s) - half, None, since_s=first_s)
    if not len(at_s) or at_s[-1] - at_s[0] > LONGEST.total_seconds():
        return None
    fleet = replace(
        follower.fleet, at_s=at_s, values=values, utc_offset_s=reading_grid.utc_offsets(whole.substations[0], at_s)
    )
    try:
        judged = follower.stream.advance(fleet)
        _watch_strangers(batch, follower, start)
    except HistoryError as error:
        logger.info("The stream of %s can't go on: %s", whole.substations[0].code, error)
        return None
    _followers[batch.ids] = follower
    return _followed(batch, follower, judged, before)


def _followed(batch: ScoringBatch, follower: Follower, judged: Judged, before: datetime) -> Followed:
    stream, fleet = follower.stream, judged.prepared.fleet
    watched = [substation for substation in batch.whole.substations if substation.code in stream.watched]
    begins = [int(each.history.prepared.fleet.at_s[0]) for each in stream.watched.values()]
    return Followed(
        analysis=judgement.summary(judged, [], stream.models),
        findings=worth_saying(stream.findings()),
        watched=NeighbourGroup(tuple(watched)),
        detectors=follower.detectors,
        context_from=moment(max(begins, default=int(fleet.at_s[0]))),
        judged_before=before,
        judged_until=moment(fleet.at_s[-1] + fleet.interval_s),
    )


def _forget_overlapping(batch: ScoringBatch) -> None:
    """Free the streams of batches that this one has taken substations from: they will not be asked again."""
    for ids in [ids for ids in _followers if not set(ids).isdisjoint(batch.ids)]:
        del _followers[ids]


def _is_current(batch: ScoringBatch, follower: Follower, first_s: int) -> bool:
    """Whether a stream may go on: nobody else judged the batch meanwhile, and it may still take back so many steps."""
    until_s = follower.stream.judged_until_s
    if until_s is None or until_s - first_s > follower.stream.memory.to_spare * follower.fleet.interval_s:
        return False
    return ownership.holds(batch, moment(until_s)) and follower.facts == _facts(batch)


def _facts(batch: ScoringBatch) -> Any:
    """What a stream rests on beside the readings: models, nameplates, topology, neighbours."""
    ids = batch.ids
    plates = [
        (each.pk, each.time_zone, each.reading_interval_s, *(getattr(each, name) for name in reading_grid.PLATE_FIELDS))
        for each in batch.whole.substations
    ]
    return (
        plates,
        list(Detector.objects.active().filter(substation__in=ids).order_by("pk").values_list("pk", flat=True)),
        list(Link.objects.filter(target__in=ids).order_by("pk").values_list(*LINK_FIELDS)),
        batch.groups.tolist(),
    )


def _start(batch: ScoringBatch, first_s: int) -> Follower:
    """A stream that has seen the context before a step."""
    facts, whole = _facts(batch), batch.whole
    detectors, stored = load_detectors(whole)
    guessed = {row.substation_id: row.meta.get("nameplate", {}) for row in stored.values()}
    interval_s = whole.substations[0].reading_interval_s
    begin, end = moment(first_s) - timedelta(hours=CONTEXT_HOURS), moment(first_s - interval_s / 2)
    at_s, values = reading_grid.readings(whole, begin, end, until_s=first_s - interval_s)
    fleet = Fleet(
        codes=tuple(substation.code for substation in whole.substations),
        at_s=at_s,
        interval_s=interval_s,
        values=values,
        nameplates=tuple(
            reading_grid.nameplate(substation, values[row], guessed.get(substation.pk, {}))
            for row, substation in enumerate(whole.substations)
        ),
        segments=reading_grid.segments(whole),
        utc_offset_s=reading_grid.utc_offsets(whole.substations[0], at_s),
        groups=batch.groups,
    )
    trained = {code: each.autoencoder for code, each in detectors.items() if each.autoencoder is not None}
    spare = int(np.clip(LATE.total_seconds() // interval_s, MIN_LATE_STEPS, MAX_LATE_STEPS))
    stream = Stream(
        {code: each.model for code, each in detectors.items()},
        AutoencoderStack.of(fleet.codes, trained).score if trained else None,
        spare,
    )
    if len(at_s):
        stream.advance(fleet)
    return Follower(facts, stream, fleet, stored)


def _watch_strangers(batch: ScoringBatch, follower: Follower, start: datetime) -> None:
    """Bring the history of substations where something stands, or stood as far as the database knows."""
    stream = follower.stream
    stored = Detection.objects.standing().touching(start, None).filter(substation__in=batch.ids)
    strangers = stream.strangers | set(stored.values_list("substation__code", flat=True)) - stream.watched.keys()
    for group in batch.neighbour_groups:
        codes = strangers & {substation.code for substation in group.substations}
        if codes:
            stream.watch(_history(group, follower, start), codes)


def _history(group: NeighbourGroup, follower: Follower, start: datetime) -> Judged:
    """A group judged with all the context that its episodes rest on, up to where the stream is."""
    stream = follower.stream
    until_s = (stream.judged_until_s or 0) - follower.fleet.interval_s
    end = moment(until_s) + timedelta(seconds=follower.fleet.interval_s / 2 - 1)
    at_s, values = reading_grid.readings(group, context_start(group, start), end, until_s=until_s)
    part = follower.fleet.only([substation.code for substation in group.substations])
    fleet = replace(
        part, at_s=at_s, values=values, groups=None, utc_offset_s=reading_grid.utc_offsets(group.substations[0], at_s)
    )
    models = {code: model for code, model in stream.models.items() if code in fleet.codes}
    opinion = opinion_on(fleet, load_detectors(group)[0])
    return judgement.judge(fleet, models, judgement.learnt_of(fleet, models), opinion)
