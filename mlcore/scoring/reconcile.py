"""Findings of one run against the detections that are stored: update, create, withdraw. The result does not depend on
how often the same readings are judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlcore.diagnosis.findings import Finding
from mlcore.explanations import english
from mlcore.fleet.groups import NeighbourGroup
from mlcore.models import Detection, Detector

SEVERITY = {"warning": Detection.Severity.WARNING, "critical": Detection.Severity.CRITICAL}


@dataclass(frozen=True, slots=True)
class _Key:
    """Findings and detections of one key may be the same episode. A meter can have several faults at once."""

    substation_id: int
    kind: str
    cause: str


def reconcile(
    group: NeighbourGroup,
    findings: Sequence[Finding],
    detectors: Mapping[str, Detector],
    *,
    judged_from: datetime,
    judged_until: datetime | None = None,
    context_from: datetime,
    now: datetime,
) -> None:
    """Make the stored detections say what the findings say about ``judged_from`` and later. Call it in a transaction.

    A finding that overlaps a stored detection of its key is that episode. A stored detection in the judged range that
    was not found again is withdrawn; one that began before is ended where judging began. A finding that was over
    by then tells when a detection that still goes on has ended, and nothing else. With ``judged_until``, what begins
    after it is left alone, and what reaches beyond it keeps its end.
    """
    ids = {substation.code: substation.pk for substation in group.substations}
    stored = list(
        Detection.objects.not_withdrawn()
        .of_readings()
        .remembered(judged_from, judged_until)
        .filter(substation__in=group.ids)
        .order_by("start")
    )
    unmatched = {detection.pk: detection for detection in stored}
    known = _known_keys(group, findings, stored)
    for finding in sorted(findings, key=lambda finding: finding.start_s):
        fields = _fields(finding, detectors.get(finding.substation))
        substation_id = ids[finding.substation]
        is_over = fields["end"] is not None and fields["end"] <= judged_from
        candidates = [left for left in unmatched.values() if left.end is None or not is_over]
        match = _match(fields, substation_id, candidates)
        if match and (match.start < context_from or fields["start"] <= context_from):
            fields["start"] = match.start
        if judged_until and match and match.end and fields["end"] is None and match.end > judged_until:
            fields["end"] = match.end
        same = known.get(_exact(substation_id, fields)) or match
        if is_over and (same is None or same != match):
            continue
        if same is None:
            known[_exact(substation_id, fields)] = Detection.objects.create(substation_id=substation_id, **fields)
            continue
        unmatched.pop(same.pk, None)
        _update(same, fields | {"withdrawn_at": None})
    for detection in unmatched.values():
        if detection.start >= judged_from:
            _update(detection, {"withdrawn_at": now})
        elif detection.end is None or detection.end > judged_from:
            _update(detection, {"end": judged_from})


def _key(substation_id: int, kind: str, cause: str) -> _Key:
    return _Key(substation_id, kind, cause if kind == Detection.Kind.METER else "")


def _match(fields: Mapping[str, Any], substation_id: int, candidates: list[Detection]) -> Detection | None:
    key = _key(substation_id, fields["kind"], fields["cause"])
    same = [
        candidate for candidate in candidates if _key(candidate.substation_id, candidate.kind, candidate.cause) == key
    ]
    overlapping = [
        candidate
        for candidate in same
        if (candidate.end is None or candidate.end >= fields["start"])
        and (fields["end"] is None or candidate.start <= fields["end"])
    ]
    return min(
        overlapping,
        key=lambda candidate: (candidate.cause != fields["cause"], abs(candidate.start - fields["start"])),
        default=None,
    )


Exact = tuple[int, str, str, datetime]


def _exact(substation_id: int, fields: Mapping[str, Any]) -> Exact:
    return substation_id, str(fields["kind"]), str(fields["cause"]), fields["start"]


def _known_keys(
    group: NeighbourGroup, findings: Sequence[Finding], stored: Sequence[Detection]
) -> dict[Exact, Detection]:
    """Detections by the very key that a finding may have: a withdrawn one that is found again stands again."""
    if not findings:
        return {}
    starts = {_at(finding.start_s) for finding in findings} | {detection.start for detection in stored}
    rows = [*Detection.objects.filter(substation__in=group.ids, start__in=starts), *stored]
    return {(row.substation_id, row.kind, row.cause, row.start): row for row in rows}


def _update(detection: Detection, fields: Mapping[str, Any]) -> None:
    changed = {name: value for name, value in fields.items() if getattr(detection, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(detection, name, value)
    detection.revision += 1
    detection.save(update_fields=[*changed, "revision", "changed_at"])


def _fields(finding: Finding, detector: Detector | None) -> dict[str, Any]:
    end = _at(finding.end_s) if finding.end_s is not None else None
    return {
        "kind": finding.kind,
        "cause": finding.cause,
        "severity": SEVERITY[finding.severity],
        "start": _at(finding.start_s),
        "end": end,
        "peak": _at(finding.peak_s),
        "loss_kwh": _known(finding.loss_kwh),
        "loss_low_kwh": _known(finding.loss_low_kwh),
        "loss_high_kwh": _known(finding.loss_high_kwh),
        "loss_pct": _known(finding.loss_pct),
        "score": finding.score,
        "confidence": _known(finding.confidence),
        "reason": english(finding.code, finding.figures),
        "evidence": {
            **finding.evidence,
            "code": finding.code,
            "figures": dict(finding.figures),
            "window": _window(finding),
            "spells": [
                {"from": _at(since).isoformat(), "until": _at(until).isoformat()} for since, until in finding.spells
            ],
            "judged_by": _judged_by(detector),
        },
        "detector": detector,
    }


def _window(finding: Finding) -> dict[str, str | None]:
    """From when to when the readings speak of it: it begins before the alarm that they raise."""
    until = _at(finding.end_s).isoformat() if finding.end_s is not None else None
    return {"from": _at(finding.onset_s).isoformat(), "until": until}


def _judged_by(detector: Detector | None) -> dict[str, Any]:
    """The version of model and threshold; they are learned together and replaced together."""
    if detector is None:
        return {"rung": Detector.Tier.LIMITS.value}
    diagnosis = detector.meta.get("diagnosis", {})
    return {"rung": detector.tier, "version": detector.version, "sensitivity": diagnosis.get("sensitivity")}


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(int(second), UTC)
