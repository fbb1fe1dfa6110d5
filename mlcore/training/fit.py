"""Training: one call fits a group and stores a version per substation."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min
from numpy.typing import NDArray

from core.leases import LeaseLost
from mlcore.detector import TrainedDetector, train_fleet
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.terms import MIN_TRAINING_DAYS
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection, Detector, DetectorEvent, TrainingAttempt
from substations.electrical.nameplate import Nameplate
from substations.models import PendingRange, PlannedWork, Reading, Substation

from . import artifacts, promotion, versions
from .promotion import PromotionDecision
from .relearning import is_relearning, new_normal
from .store import load_detectors

logger = logging.getLogger(__name__)
# A first model learns from the older part of the record, so that it judges the newer part without having seen it.
FIRST_TRAINING_SHARE = 0.7
# Readings on the grid of one training: each takes about 3 kB while expectations are learned and versions compared.
MAX_GRID = 1_000_000
FIRST = PromotionDecision(True, "The first version.", {})


@dataclass(frozen=True, slots=True)
class Range:
    """The readings that a model learns from."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        return (self.end - self.start) / timedelta(days=1)


def training_range(group: NeighbourGroup, *, until: datetime | None = None) -> Range | None:
    """What a group learns from: the last ``TRAIN_DAYS``, or at first the older share of the record.

    Of many substations with short intervals only as much as fits into memory, see ``MAX_GRID``.
    """
    reach = Reading.objects.filter(substation__in=group.ids).aggregate(first=Min("at"), last=Max("at"))
    if reach["first"] is None:
        return None
    first, last = reach["first"], until or reach["last"]
    has_detector = Detector.objects.active().filter(substation__in=group.ids).exists()
    if until is None and not has_detector:
        last = first + max((last - first) * FIRST_TRAINING_SHARE, min(last - first, timedelta(days=MIN_TRAINING_DAYS)))
    longest = min(timedelta(days=settings.TRAIN_DAYS), _longest_grid(group))
    return Range(max(first, last - longest), last)


def _longest_grid(group: NeighbourGroup) -> timedelta:
    steps = max(MAX_GRID // len(group.ids), 1)
    return timedelta(seconds=steps * group.substations[0].reading_interval_s)


def train(
    group: NeighbourGroup,
    *,
    only: Collection[int] | None = None,
    until: datetime | None = None,
    token: uuid.UUID | None = None,
    refine: bool = True,
) -> list[Detector]:
    """Fit every substation of a group that has enough believable data; the new versions become active.

    ``refine``: whether the supplied network is trained further on these readings, which needs TensorFlow.
    ``only`` limits which substations get a new version; the others still serve as their neighbours.
    Fitting runs outside any transaction. Storing the versions, making them active and asking for the group to be scored
    again is one transaction.

    Raises:
        LeaseLost: another worker has taken over the claim of this ``token``; nothing is stored.
    """
    learned_from = training_range(group, until=until)
    fleet = reading_grid.load(group, learned_from.start, learned_from.end) if learned_from else None
    if fleet is None or learned_from is None:
        return []
    active, rows = load_detectors(group)
    active = _still_valid(group, active, rows)
    left_out = left_out_of(group, fleet)
    usable = ~np.logical_or.reduce(list(left_out.values()))
    from_s = promotion.held_out_from(int(fleet.at_s[0]), int(fleet.at_s[-1])) if active else int(fleet.at_s[-1]) + 1
    # A newcomer has no version to be compared with: it learns from all that it has.
    compared = np.array([substation.code in active for substation in group.substations])
    seen = usable & ~(compared[:, None] & (fleet.at_s >= from_s))
    trained = train_fleet(fleet, seen, false_alarms_per_month=settings.FALSE_ALARMS_PER_MONTH, refine=refine)
    codes = {substation.code for substation in group.substations if only is None or substation.pk in only}
    kept = {code: detector for code, detector in trained.items() if code in codes}
    decisions = promotion.judge(group, fleet, kept, active, from_s) if active else {}
    until = min(learned_from.end, datetime.fromtimestamp(from_s, UTC))
    learned = {
        substation.code: Range(
            max(learned_from.start, substation.learn_from or learned_from.start),
            until if substation.code in active else learned_from.end,
        )
        for substation in group.substations
    }
    with transaction.atomic():
        if token and not TrainingAttempt.objects.renew(token):
            raise LeaseLost
        return _store(group, fleet, kept, decisions, learned, left_out)


def _still_valid(
    group: NeighbourGroup, active: dict[str, TrainedDetector], rows: Mapping[str, Detector]
) -> dict[str, TrainedDetector]:
    """Versions that a new one is compared with: not those that know what is to be forgotten."""
    outdated = {each.code for each in group.substations if is_relearning(each, rows.get(each.code))}
    return {code: detector for code, detector in active.items() if code not in outdated}


def left_out_of(group: NeighbourGroup, fleet: Fleet) -> dict[str, NDArray[np.bool_]]:
    """[substation, time] what teaches nothing about normal, by the reason: known episodes, and planned work."""
    known = Detection.objects.not_withdrawn().of_readings().abnormal().filter(substation__in=group.ids)
    for substation in group.substations:
        if substation.learn_from:
            known = known.exclude(pk__in=new_normal(substation, substation.learn_from).values("pk"))
    since_s = np.array([[each.learn_from.timestamp() if each.learn_from else -np.inf] for each in group.substations])
    return {
        "left_out_before_learn_from": fleet.at_s < since_s,
        "left_out_known_episodes": _marked(group, fleet, known.exclude(verdict=Detection.Verdict.FALSE_ALARM)),
        "left_out_planned_work": _marked(group, fleet, PlannedWork.objects.filter(substation__in=group.ids)),
    }


def _marked(group: NeighbourGroup, fleet: Fleet, stretches: Iterable[Detection | PlannedWork]) -> NDArray[np.bool_]:
    marked = np.zeros(fleet.values.shape[:2], dtype=bool)
    index = {pk: position for position, pk in enumerate(group.ids)}
    for stretch in stretches:
        end_s = stretch.end.timestamp() if stretch.end else np.inf
        marked[index[stretch.substation_id]] |= (fleet.at_s >= stretch.start.timestamp()) & (fleet.at_s <= end_s)
    return marked


def _store(
    group: NeighbourGroup,
    fleet: Fleet,
    trained: dict[str, TrainedDetector],
    decisions: dict[str, PromotionDecision],
    learned: Mapping[str, Range],
    left_out: Mapping[str, NDArray[np.bool_]],
) -> list[Detector]:
    stored = []
    for index, substation in enumerate(group.substations):
        if substation.code in trained:
            decision, code = decisions.get(substation.code, FIRST), substation.code
            rows = np.isfinite(fleet.values[index]).any(axis=1) & (fleet.at_s <= learned[code].end.timestamp())
            reasons = {name: int((marked[index] & rows).sum()) for name, marked in left_out.items()}
            stored.append(
                _store_one(substation, fleet.nameplates[index], trained[code], decision, learned[code], rows, reasons)
            )
    _ask_for_scoring(detector for detector in stored if detector.version == 1)
    _ask_for_scoring_again(stored, {each.pk: each.learn_from for each in group.substations})
    logger.info(
        "Trained %d of %d substations of the group of %s.", len(stored), len(group.ids), group.substations[0].code
    )
    return stored


def _store_one(
    substation: Substation,
    plate: Nameplate,
    detector: TrainedDetector,
    decision: PromotionDecision,
    learned: Range,
    rows: NDArray[np.bool_],
    left_out: dict[str, int],
) -> Detector:
    """Store one version, and make it active if it was accepted and the active one is not pinned."""
    arrays, meta = detector.to_arrays()
    artifact = artifacts.pack(arrays, meta | {"nameplate": reading_grid.guesses(plate)})
    taken = int(rows.sum()) - sum(left_out.values())
    reasons = {**left_out, "left_out_looked_abnormal": round(detector.excluded_share * max(taken, 0))}
    own = Detector.objects.filter(substation=substation)
    row = Detector.objects.create(
        substation=substation,
        version=(own.aggregate(Max("version"))["version__max"] or 0) + 1,
        tier=detector.tier,
        trained_from=learned.start,
        trained_until=learned.end,
        row_count=int(rows.sum()),
        excluded_count=min(sum(reasons.values()), int(rows.sum())),
        threshold=detector.threshold,
        metrics=detector.metrics | reasons | decision.figures | _cut(substation, learned),
        arrays=artifact.data,
        meta=artifact.meta,
        sha256=artifact.sha256,
        note=decision.note[:300],
    )
    versions.record(row, DetectorEvent.Action.TRAINED, note=decision.note)
    pinned = own.filter(is_active=True, is_pinned=True).exists()
    if decision.accepted and not pinned:
        versions.activate(row, note=decision.note)
    else:
        why = "The active version is pinned." if decision.accepted else decision.note
        versions.record(row, DetectorEvent.Action.KEPT_BACK, note=why)
    return row


def _cut(substation: Substation, learned: Range) -> dict[str, int]:
    """For the model card: that there was more to learn from than what fits into memory."""
    older = Reading.objects.filter(substation=substation, at__lt=learned.start)
    left_out = older.filter(at__gte=learned.end - timedelta(days=settings.TRAIN_DAYS))
    return {"older_readings_left_out": left_out.count()} if left_out.exists() else {}


def _ask_for_scoring_again(detectors: Iterable[Detector], since: Mapping[int, datetime | None]) -> None:
    """What the change raised is judged again by the first version that has learned nothing from before it."""
    for detector in detectors:
        start = since[detector.substation_id]
        older = Detector.objects.filter(substation=detector.substation_id, version=detector.version - 1)
        if start and detector.is_active and older.filter(trained_from__lt=start).exists():
            newest = Reading.objects.filter(substation=detector.substation_id).aggregate(last=Max("at"))["last"]
            PendingRange.objects.create(substation_id=detector.substation_id, start=start, end=newest)


def _ask_for_scoring(detectors: Iterable[Detector]) -> None:
    """A first model judges the whole record. Later ones judge from now on: what was found stays as it was found."""
    for detector in detectors:
        reach = Reading.objects.filter(substation=detector.substation_id).aggregate(first=Min("at"), last=Max("at"))
        PendingRange.objects.create(substation_id=detector.substation_id, start=reach["first"], end=reach["last"])
