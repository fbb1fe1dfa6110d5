"""New readings of a scoring batch, judged step by step by the scorer that this process keeps of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from mlcore.autoencoders import worth_saying
from mlcore.detector import TrainedDetector, score_by_autoencoder
from mlcore.diagnosis.analysis import Analysis, summary
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.history import HistoryError
from mlcore.diagnosis.incremental import IncrementalScorer
from mlcore.diagnosis.judgement import Judgement, judge, parameters_of
from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup, ScoringBatch
from mlcore.models import Detection, Detector
from mlcore.training.store import load_detectors
from substations.channels import CHANNEL_NAMES
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import FloatArray
from substations.models import Link

from . import checkpoints, ownership
from .context import context_start, moment, step_s

logger = logging.getLogger(__name__)

MAX_LIVE = timedelta(days=1)
"""Chosen: what goes further back is no live reading, and is judged as a whole."""

LINK_FIELDS = ("pk", "source", "target", "status", "r_ohm", "x_ohm", "length_km")

LATE = timedelta(hours=2)
MIN_LATE_STEPS, MAX_LATE_STEPS = 4, 24
"""How late a reading may come without a new start: chosen for meters that answer once an hour; each step is memory."""


@dataclass
class BatchScorer:
    """The scorer of a batch with what does not change from one reading to the next.

    basis: what the scorer rests on; another basis needs another scorer. fleet: codes, nameplates and topology.
    kept_until_s: up to when it is in a checkpoint; kept_at: when that was written (monotonic clock, s).
    """

    basis: Any
    scorer: IncrementalScorer
    fleet: Fleet
    detectors: dict[str, Detector]
    kept_until_s: int | None = None
    kept_at: float = 0.0

    @property
    def judged_until(self) -> datetime | None:
        until_s = self.scorer.judged_until_s
        return None if until_s is None else moment(until_s)


class ScorerRegistry:
    """The scorers that this process keeps, by the substations of their batches. No two share a substation."""

    def __init__(self) -> None:
        self._scorers: dict[tuple[int, ...], BatchScorer] = {}

    @property
    def kept(self) -> list[BatchScorer]:
        """All of them."""
        return list(self._scorers.values())

    def by_age(self) -> list[tuple[tuple[int, ...], BatchScorer]]:
        """All with the substations of their batches, the ones first that were kept longest ago."""
        return sorted(self._scorers.items(), key=lambda each: each[1].kept_at)

    def take(self, batch: ScoringBatch) -> BatchScorer | None:
        """The scorer of a batch, out of the registry: whoever fails with it does not put it back.

        Those of batches that this one has taken substations from go too: nobody will ask for them again.
        """
        taken = self._scorers.pop(batch.ids, None)
        for ids in [ids for ids in self._scorers if not set(ids).isdisjoint(batch.ids)]:
            del self._scorers[ids]
        return taken

    def put(self, batch: ScoringBatch, scorer: BatchScorer) -> None:
        self._scorers[batch.ids] = scorer

    def clear(self) -> None:
        """Forget all of them, as a new process does."""
        self._scorers.clear()


SCORERS = ScorerRegistry()
"""Those of this process."""


@dataclass(frozen=True)
class NewSteps:
    """New steps of a batch: what to store of each, and the findings on the substations that are tracked."""

    analysis: Analysis
    findings: list[Finding]
    tracked: NeighbourGroup
    detectors: dict[str, Detector]
    context_from: datetime
    judged_before: datetime
    judged_until: datetime


def judge_new_readings(batch: ScoringBatch, start: datetime, scorers: ScorerRegistry = SCORERS) -> NewSteps | None:
    """Judge a batch from ``start`` to its newest reading, step by step; None where these are no live readings.

    1. the scorer that is kept of the batch, else one that goes on from a checkpoint, or a new one; 2. the new readings
    on its grid of time; 3. their judgement; 4. the whole history of substations where an alarm came on; 5. what to
    store.
    """
    kept = scorers.take(batch)
    if batch.whole.newest - start > MAX_LIVE:
        return None
    first_s = step_s(batch.whole, start)
    current = kept if kept and _is_current(batch, kept, first_s) else None
    current = current or _resumed(batch, first_s)
    before = current.judged_until if current else moment(first_s)
    current = current or _start(batch, first_s)
    fleet = _new_steps(batch, current, first_s)
    if fleet is None or before is None:
        return None
    if current.kept_until_s is not None and int(fleet.at_s[0]) < current.kept_until_s:
        checkpoints.remove(batch.ids)
        current.kept_until_s = None
    try:
        judged = current.scorer.advance(fleet)
        _track_newly_active(batch, current, min(start, before))
    except HistoryError as error:
        logger.info("The scorer of %s can't go on: %s", batch.whole.substations[0].code, error)
        checkpoints.remove(batch.ids)
        return None
    scorers.put(batch, current)
    return _to_store(batch, current, judged, before)


def _new_steps(batch: ScoringBatch, current: BatchScorer, first_s: int) -> Fleet | None:
    """The readings from where the scorer is, or from ``first_s`` where that is earlier; None without any."""
    until_s = current.scorer.judged_until_s
    first_s = first_s if until_s is None else min(first_s, until_s)
    half_step = timedelta(seconds=current.fleet.interval_s / 2)
    at_s, values = reading_grid.readings(batch.whole, moment(first_s) - half_step, None, since_s=first_s)
    if not len(at_s) or at_s[-1] - at_s[0] > MAX_LIVE.total_seconds():
        return None
    offset_s = reading_grid.utc_offsets(batch.whole.substations[0], at_s)
    return replace(current.fleet, at_s=at_s, values=values, utc_offset_s=offset_s)


def _to_store(batch: ScoringBatch, current: BatchScorer, judged: Judgement, before: datetime) -> NewSteps:
    scorer, fleet = current.scorer, judged.fleet
    tracked = [substation for substation in batch.whole.substations if substation.code in scorer.tracked]
    begins_s = [int(substation.history.fleet.at_s[0]) for substation in scorer.tracked.values()]
    return NewSteps(
        analysis=summary(judged, [], scorer.models),
        findings=worth_saying(scorer.findings()),
        tracked=NeighbourGroup(tuple(tracked)),
        detectors=current.detectors,
        context_from=moment(max(begins_s, default=int(fleet.at_s[0]))),
        judged_before=before,
        judged_until=moment(fleet.at_s[-1] + fleet.interval_s),
    )


def _is_current(batch: ScoringBatch, kept: BatchScorer, first_s: int) -> bool:
    """Whether a scorer may go on: nobody else judged the batch meanwhile, and it may still take back so many steps."""
    until_s, until = kept.scorer.judged_until_s, kept.judged_until
    if until_s is None or until is None:
        return False
    if until_s - first_s > kept.scorer.history.rewindable_steps * kept.fleet.interval_s:
        return False
    return ownership.is_ours(batch, until) and kept.basis == basis_of(batch)


def basis_of(batch: ScoringBatch) -> Any:
    """What a scorer rests on beside the readings: models, nameplates, topology, neighbours."""
    ids = batch.ids
    plates = [
        (
            s.pk,
            s.time_zone,
            s.reading_interval_s,
            s.exports_power,
            *(getattr(s, name) for name in reading_grid.PLATE_FIELDS),
        )
        for s in batch.whole.substations
    ]
    return (
        plates,
        list(Detector.objects.active().filter(substation__in=ids).order_by("pk").values_list("pk", flat=True)),
        list(Link.objects.filter(target__in=ids).order_by("pk").values_list(*LINK_FIELDS)),
        batch.groups.tolist(),
    )


def _resumed(batch: ScoringBatch, first_s: int) -> BatchScorer | None:
    """A scorer that goes on from what another process, or this one, kept; None where that does not fit."""
    basis = basis_of(batch)
    found = checkpoints.read(batch.ids, basis)
    if found is None:
        return None
    history, until_s, interval_s = found.history, found.judged_until_s, batch.whole.substations[0].reading_interval_s
    if until_s - first_s > history.rewindable_steps * interval_s or batch.whole.newest - moment(until_s) > MAX_LIVE:
        return None
    if not ownership.take_over(batch, found.process, moment(until_s)) or not checkpoints.path_of(batch.ids).exists():
        return None
    detectors, stored = load_detectors(batch.whole)
    fleet = _fleet(batch, np.empty(0, dtype=np.int64), None, found.nameplates)
    scorer = _scorer(fleet, detectors)
    scorer.history, scorer.judged_until_s = history, until_s
    return BatchScorer(basis, scorer, fleet, stored, until_s, time.monotonic())


def keep_checkpoints(scorers: ScorerRegistry = SCORERS) -> None:
    """Write the states of scorers that changed since long, the oldest first, for half a second at most."""
    began = time.monotonic()
    for ids, each in scorers.by_age():
        now, until_s = time.monotonic(), each.scorer.judged_until_s
        if now - began > checkpoints.BUDGET_S or (each.kept_at and now - each.kept_at < checkpoints.EVERY_S):
            break
        if until_s is not None and until_s != each.kept_until_s:
            state = checkpoints.Checkpoint(
                ownership.this_process(), until_s, each.scorer.history, each.fleet.nameplates
            )
            try:
                checkpoints.write(ids, each.basis, state)
            except OSError as error:
                logger.warning("The state of a scorer cannot be kept: %s", error)
                break
            each.kept_until_s = until_s
        each.kept_at = time.monotonic()
    checkpoints.remove_old()


def _start(batch: ScoringBatch, first_s: int) -> BatchScorer:
    """A scorer that has seen the context before a step; this process owns it from now on."""
    checkpoints.remove(batch.ids)
    ownership.acquire(batch, moment(first_s))
    basis = basis_of(batch)
    detectors, stored = load_detectors(batch.whole)
    fleet = _context(batch, first_s, stored.values())
    scorer = _scorer(fleet, detectors)
    if len(fleet.at_s):
        scorer.advance(fleet)
    return BatchScorer(basis, scorer, fleet, stored)


def _context(batch: ScoringBatch, first_s: int, stored: Iterable[Detector]) -> Fleet:
    """The readings that a judgement of the step at ``first_s`` rests on, with nameplates and topology."""
    whole = batch.whole
    interval_s = whole.substations[0].reading_interval_s
    begin, end = moment(first_s) - timedelta(hours=CONTEXT_HOURS), moment(first_s - interval_s / 2)
    at_s, values = reading_grid.readings(whole, begin, end, until_s=first_s - interval_s)
    guessed = {detector.substation_id: detector.meta.get("nameplate", {}) for detector in stored}
    plates = tuple(
        reading_grid.nameplate(substation, values[row], guessed.get(substation.pk, {}))
        for row, substation in enumerate(whole.substations)
    )
    return _fleet(batch, at_s, values, plates)


def _fleet(batch: ScoringBatch, at_s: IntArray, values: FloatArray | None, plates: tuple[Nameplate, ...]) -> Fleet:
    """The batch with its nameplates and topology. values: None of no steps."""
    whole = batch.whole
    return Fleet(
        codes=tuple(substation.code for substation in whole.substations),
        at_s=at_s,
        interval_s=whole.substations[0].reading_interval_s,
        values=np.empty((len(plates), 0, len(CHANNEL_NAMES))) if values is None else values,
        nameplates=plates,
        segments=reading_grid.segments(whole),
        utc_offset_s=reading_grid.utc_offsets(whole.substations[0], at_s),
        groups=batch.groups,
    )


def _scorer(fleet: Fleet, detectors: Mapping[str, TrainedDetector]) -> IncrementalScorer:
    return IncrementalScorer(
        {code: detector.model for code, detector in detectors.items()},
        score_by_autoencoder(fleet.codes, detectors),
        int(np.clip(LATE.total_seconds() // fleet.interval_s, MIN_LATE_STEPS, MAX_LATE_STEPS)),
    )


def _track_newly_active(batch: ScoringBatch, current: BatchScorer, start: datetime) -> None:
    """Bring the history of substations where an alarm is on, or was as far as the database knows."""
    scorer = current.scorer
    stored = Detection.objects.not_withdrawn().of_readings().remembered(start, None).filter(substation__in=batch.ids)
    known = set(stored.values_list("substation__code", flat=True)) - scorer.tracked.keys()
    newly_active = scorer.newly_active | known
    for group in batch.neighbour_groups:
        codes = newly_active & {substation.code for substation in group.substations}
        if codes:
            scorer.track(_history(group, current, start), codes)


def _history(group: NeighbourGroup, current: BatchScorer, start: datetime) -> Judgement:
    """A group judged with all the context that its episodes rest on, up to where the scorer is."""
    scorer, interval_s = current.scorer, current.fleet.interval_s
    until_s = (scorer.judged_until_s or 0) - interval_s
    end = moment(until_s) + timedelta(seconds=interval_s / 2 - 1)
    at_s, values = reading_grid.readings(group, context_start(group, start), end, until_s=until_s)
    part = current.fleet.only([substation.code for substation in group.substations])
    offset_s = reading_grid.utc_offsets(group.substations[0], at_s)
    fleet = replace(part, at_s=at_s, values=values, groups=None, utc_offset_s=offset_s)
    models = {code: model for code, model in scorer.models.items() if code in fleet.codes}
    autoencoder = score_by_autoencoder(fleet.codes, load_detectors(group)[0])
    return judge(fleet, models, parameters_of(fleet, models), autoencoder)
