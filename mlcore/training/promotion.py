"""Is a newly trained version good enough to take the place of the active one?

Both judge a stretch that the candidate has not seen. It is accepted if it calls no more normal rows abnormal and finds
every known episode that the active version finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.detector import TrainedDetector, analyse_fleet
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection
from substations.models import PlannedWork

# The newest part of the record is kept from the candidate, to compare on.
HELD_OUT = timedelta(days=7)
MAX_OF_RECORD = 0.2
TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """``accepted`` and the figures behind it, for the model's page."""

    accepted: bool
    note: str
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ComparedScores:
    """What is compared of an analysis; the rest of it would take gigabytes twice. score: [substation, time]."""

    score: NDArray[np.float64]
    findings: list[Finding]


def held_out_from(first_s: int, last_s: int) -> int:
    """Where the part begins that a candidate is not trained on."""
    return int(last_s - min(HELD_OUT.total_seconds(), MAX_OF_RECORD * (last_s - first_s)))


def judge(
    group: NeighbourGroup,
    fleet: Fleet,
    candidates: Mapping[str, TrainedDetector],
    active: Mapping[str, TrainedDetector],
    from_s: int,
) -> dict[str, PromotionDecision]:
    """A decision per code of the candidates; one without an active version is accepted as it is."""
    ours, theirs = _judged(fleet, candidates), _judged(fleet, {**candidates, **active})
    decisions: dict[str, PromotionDecision] = {}
    for index, substation in enumerate(group.substations):
        if substation.code not in candidates:
            continue
        if substation.code not in active:
            decisions[substation.code] = PromotionDecision(True, "The first usable version.", {})
            continue
        known = list(Detection.objects.not_withdrawn().filter(substation=substation, kind=Detection.Kind.LOSS))
        known = [episode for episode in known if episode.verdict != Detection.Verdict.FALSE_ALARM]
        work = list(PlannedWork.objects.filter(substation=substation))
        normal = (fleet.at_s >= from_s) & ~_within(fleet.at_s, known) & ~_within(fleet.at_s, work)
        decisions[substation.code] = _compare(
            (_abnormal(ours, index, normal), _found(ours, substation.code, known)),
            (_abnormal(theirs, index, normal), _found(theirs, substation.code, known)),
            len(known),
        )
    return decisions


def _judged(fleet: Fleet, detectors: Mapping[str, TrainedDetector]) -> ComparedScores:
    analysis = analyse_fleet(fleet, detectors)
    return ComparedScores(analysis.score, analysis.findings)


def _within(at_s: NDArray[np.int64], stretches: Sequence[Detection | PlannedWork]) -> NDArray[np.bool_]:
    inside = np.zeros(len(at_s), dtype=bool)
    for stretch in stretches:
        end_s = stretch.end.timestamp() if stretch.end else np.inf
        inside |= (at_s >= stretch.start.timestamp()) & (at_s <= end_s)
    return inside


def _abnormal(judged: ComparedScores, index: int, normal: NDArray[np.bool_]) -> float:
    """Share of normal rows that a version scores above its threshold."""
    scores = judged.score[index][normal]
    known = np.isfinite(scores)
    return float((scores[known] > 1).mean()) if known.any() else 0.0


def _found(judged: ComparedScores, code: str, known: list[Detection]) -> int:
    """How many known episodes a version's findings touch."""
    stretches = [
        (finding.start_s, finding.end_s if finding.end_s is not None else np.inf)
        for finding in judged.findings
        if finding.substation == code and finding.kind == "loss"
    ]
    return sum(
        any(
            start <= (episode.end.timestamp() if episode.end else np.inf) and end >= episode.start.timestamp()
            for start, end in stretches
        )
        for episode in known
    )


def _compare(candidate: tuple[float, int], active: tuple[float, int], known: int) -> PromotionDecision:
    (rate, found), (rate_before, found_before) = candidate, active
    figures = {
        "held_out_abnormal_share": round(rate, 5),
        "held_out_abnormal_share_before": round(rate_before, 5),
        "known_episodes": known,
        "known_episodes_found": found,
        "known_episodes_found_before": found_before,
    }
    text = (
        f"On held-out normal rows {100 * rate:.2f} % above the threshold ({100 * rate_before:.2f} % before); "
        f"{found} of {known} known episodes found ({found_before} before)."
    )
    return PromotionDecision(rate <= rate_before + TOLERANCE and found >= found_before, text, figures)
