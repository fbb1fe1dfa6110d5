"""One piece of the record of a neighbour group: judged with its context, and stored inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from mlcore.detector import analyse_each, analyse_fleet
from mlcore.diagnosis.analysis import Analysis
from mlcore.diagnosis.fleet import Fleet
from mlcore.fleet import reading_grid
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detector
from mlcore.training.feedback import above_limits
from mlcore.training.store import load_detectors

from .context import context_start, moment, ongoing_since_s, step_s
from .isolation import Failed
from .reconcile import reconcile
from .score_storage import replace_scores


@dataclass(frozen=True)
class JudgedPiece:
    """A group judged over a piece of time, nothing stored yet. failed: whose findings could not be made, by id."""

    fleet: Fleet
    analysis: Analysis
    stored: Mapping[str, Detector]
    judged_s: int
    failed: Failed


def judge_piece(group: NeighbourGroup, start: datetime, end: datetime | None) -> JudgedPiece | None:
    """Judge the readings of a group between two times (None: to the newest); None without any.

    1. The context before it is what the trailing windows reach back to, or the start of an episode that goes on.
    2. Findings are asked for from the start of the episodes that go on: their end may turn out to lie before the range.
    """
    detectors, stored = load_detectors(group)
    plates = {detector.substation_id: detector.meta.get("nameplate", {}) for detector in stored.values()}
    fleet = reading_grid.load(group, context_start(group, start), end, plates)
    if fleet is None:
        return None
    judged_s = step_s(group, start)
    start_s = min(judged_s, ongoing_since_s(group, start))
    failed: dict[str, Exception] = {}
    try:
        analysis = analyse_fleet(fleet, detectors, start_s=start_s)
    except MemoryError:
        raise
    except Exception:  # raised again where it is not the findings of one substation that fail
        analysis, failed = analyse_each(fleet, detectors, start_s=start_s)
    ids = {substation.code: substation.pk for substation in group.substations}
    return JudgedPiece(fleet, analysis, stored, judged_s, {ids[code]: error for code, error in failed.items()})


def store_piece(
    group: NeighbourGroup, judged: JudgedPiece, rows: Sequence[tuple[Any, ...]], end: datetime | None
) -> None:
    """Scores and detections of some of the substations that were judged; ``rows``: the scores of all of them."""
    ids, codes = set(group.ids), {substation.code for substation in group.substations}
    first, last = moment(judged.judged_s), moment(judged.fleet.at_s[-1])
    replace_scores(group.ids, first, last, [row for row in rows if row[0] in ids])
    reconcile(
        group,
        above_limits(group, [finding for finding in judged.analysis.findings if finding.substation in codes]),
        judged.stored,
        judged_from=first,
        judged_until=end and last,
        context_from=moment(judged.fleet.at_s[0]),
        now=timezone.now(),
    )
