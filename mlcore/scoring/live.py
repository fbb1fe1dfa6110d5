"""New readings of a scoring batch, judged step by step by the scorer that this process keeps of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mlcore.autoencoders import worth_saying
from mlcore.detector import score_by_autoencoder
from mlcore.diagnosis.analysis import Analysis, summary
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import HistoryError
from mlcore.diagnosis.judgement import Judgement, judge, parameters_of
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup, ScoringBatch
from mlcore.models import Detection, Detector
from mlcore.training.store import load_detectors

from . import checkpoints, ownership, scorer_starts
from .context import context_start, moment, step_s
from .scorer_starts import MAX_LIVE, basis_of
from .scorers import SCORERS, BatchScorer, ScorerRegistry

logger = logging.getLogger(__name__)


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
    current = current or scorer_starts.resumed(batch, first_s)
    before = current.judged_until if current else moment(first_s)
    current = current or scorer_starts.begun(batch, first_s)
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


def _track_newly_active(batch: ScoringBatch, current: BatchScorer, start: datetime) -> None:
    """Bring the history of substations where an alarm is on, or was as far as the database knows."""
    scorer = current.scorer
    stored = Detection.objects.not_withdrawn().of_readings().remembered(start, None).filter(substation__in=batch.ids)
    known = set(stored.values_list("substation__code", flat=True)) - scorer.tracked.keys()
    newly_active = scorer.newly_active | known
    for group in batch.neighbour_groups:
        codes = newly_active & {substation.code for substation in group.substations}
        if codes:
            scorer.track(_history(group, current, start, codes), codes)


def _history(group: NeighbourGroup, current: BatchScorer, start: datetime, codes: set[str]) -> Judgement:
    """A group judged with all the context that its episodes rest on, up to where the scorer is.

    The others are there as neighbours: their networks, the larger part of the work, say nothing of ``codes``.
    """
    scorer, interval_s = current.scorer, current.fleet.interval_s
    until_s = (scorer.judged_until_s or 0) - interval_s
    end = moment(until_s) + timedelta(seconds=interval_s / 2 - 1)
    at_s, values = reading_grid.readings(group, context_start(group, start), end, until_s=until_s)
    part = current.fleet.only([substation.code for substation in group.substations])
    offset_s = reading_grid.utc_offsets(group.substations[0], at_s)
    fleet = replace(part, at_s=at_s, values=values, groups=None, utc_offset_s=offset_s)
    models = {code: model for code, model in scorer.models.items() if code in fleet.codes}
    asked_for = NeighbourGroup(tuple(each for each in group.substations if each.code in codes))
    autoencoder = score_by_autoencoder(fleet.codes, load_detectors(asked_for)[0])
    return judge(fleet, models, parameters_of(fleet, models), autoencoder)
