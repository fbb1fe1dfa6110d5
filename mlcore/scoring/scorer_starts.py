"""How the scorer of a batch begins: from what another process kept of it, else from the context of readings."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from mlcore.detector import TrainedDetector, score_by_autoencoder
from mlcore.diagnosis.fleet import Fleet, IntArray
from mlcore.diagnosis.incremental import IncrementalScorer
from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import ScoringBatch
from mlcore.models import Detector
from mlcore.training.store import load_detectors
from substations.channels import CHANNEL_NAMES
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import FloatArray
from substations.models import Link

from . import checkpoints, ownership
from .context import moment
from .scorers import BatchScorer

MAX_LIVE = timedelta(days=1)
"""Chosen: what goes further back is no live reading, and is judged as a whole."""

LINK_FIELDS = ("pk", "source", "target", "status", "r_ohm", "x_ohm", "length_km")

LATE = timedelta(hours=2)
MIN_LATE_STEPS, MAX_LATE_STEPS = 4, 24
"""How late a reading may come without a new start: chosen for meters that answer once an hour; each step is memory."""


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


def resumed(batch: ScoringBatch, first_s: int) -> BatchScorer | None:
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
    scorer.resume(history, until_s, found.tracked)
    return BatchScorer(basis, scorer, fleet, stored, until_s, time.monotonic())


def begun(batch: ScoringBatch, first_s: int) -> BatchScorer:
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
