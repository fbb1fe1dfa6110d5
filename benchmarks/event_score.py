"""Event-wise scoring of loss detections against a labelled record.

The rules, all inside the test period:

1. Detections of one substation and cause that are closer than ``merge_h`` are one.
2. A detection is valid if it overlaps a loss event and starts no earlier than ``early_h`` before it.
3. An event is detected if a valid detection overlaps it and starts within ``delay_h`` (and its ramp) of its start.
4. Any other detection is a false alarm, unless it touches nothing but a fault of negligible loss, or starts within
   ``tail_h`` of the end of a loss event.
5. Severity, cause and energy are read from the detection that fits an event best (intersection over union).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from statistics import fmean, median

HOUR_S = 3600.0
HOURS_PER_MONTH = 24 * 30.44
ALL_SUBSTATIONS = "ALL"
_RANK = {"warning": 1, "critical": 2}


@dataclass(frozen=True, slots=True)
class LossEvent:
    """One event of the truth; ``is_loss`` False is something an alarm on which would be false."""

    event_id: str
    substation: str
    start_s: float
    end_s: float
    kind: str
    is_loss: bool
    severity: str = ""
    extra_loss_kwh: float = 0.0
    ramp_hours: float = 0.0
    dont_care: bool = False


@dataclass(frozen=True, slots=True)
class DetectedEvent:
    """One raised alarm: from the moment it came on to the end of what it reports."""

    substation: str
    start_s: float
    end_s: float
    severity: str = "warning"
    cause: str = ""
    loss_kwh: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Tolerances of the score, in hours."""

    delay_h: float = 12.0
    early_h: float = 1.0
    tail_h: float = 3.0
    merge_h: float = 1.0


@dataclass(frozen=True, slots=True)
class KindEnergy:
    """kWh of one kind of event: of the matched ones and the detections that fit them best, and of all.

    all_found_kwh counts every detection that touches an event, however late, once: with the event it overlaps most.
    """

    matched_true_kwh: float = 0.0
    matched_found_kwh: float = 0.0
    all_true_kwh: float = 0.0
    all_found_kwh: float = 0.0

    def __add__(self, other: KindEnergy) -> KindEnergy:
        return KindEnergy(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """Figures of one record; None where nothing was there to measure."""

    events: int
    detected: int
    false_alarms: int
    ignored: int
    recall: float | None
    precision: float | None
    f1: float
    median_delay_h: float | None
    false_alarms_per_substation_month: float
    severity_accuracy: float | None
    cause_accuracy: float | None
    energy_total_error_pct: float | None
    energy_median_error_pct: float | None
    recall_by_kind: dict[str, tuple[int, int]] = field(default_factory=dict)
    false_alarms_on: dict[str, int] = field(default_factory=dict)
    missed: tuple[str, ...] = ()
    energy_by_kind: dict[str, KindEnergy] = field(default_factory=dict)


def merge(detections: Iterable[DetectedEvent], start_s: float, end_s: float, merge_h: float) -> list[DetectedEvent]:
    """Detections of the test period, fragments of one cause joined: most severe severity, energies added."""
    inside = [d for d in detections if d.end_s >= d.start_s and d.end_s > start_s and d.start_s < end_s]
    merged: list[DetectedEvent] = []
    latest: dict[tuple[str, str], int] = {}
    for one in sorted(inside, key=lambda d: (d.substation, d.start_s)):
        key = (one.substation, one.cause)
        number = latest.get(key)
        if number is not None and one.start_s <= merged[number].end_s + merge_h * HOUR_S:
            merged[number] = _joined(merged[number], one)
        else:
            latest[key] = len(merged)
            merged.append(one)
    return merged


def _joined(one: DetectedEvent, other: DetectedEvent) -> DetectedEvent:
    energies = [d.loss_kwh for d in (one, other) if d.loss_kwh is not None]
    return replace(
        one,
        end_s=max(one.end_s, other.end_s),
        severity=max(one.severity, other.severity, key=lambda name: _RANK.get(name, 0)),
        loss_kwh=sum(energies) if energies else None,
    )


def score(
    events: Sequence[LossEvent],
    detections: Iterable[DetectedEvent],
    *,
    start_s: float,
    end_s: float,
    substations: int,
    rules: Rules | None = None,
) -> ScoreReport:
    """Compare detections with the truth of a test period by the rules in the module's head."""
    rules = rules or Rules()
    found = merge(detections, start_s, end_s, rules.merge_h)
    losses = [event for event in events if event.is_loss]
    valid = [any(_credits(event, one, rules) for event in losses) for one in found]
    fits = {event.event_id: _best_fit(event, found, valid, rules) for event in losses}
    matched = [(event, fits[event.event_id]) for event in losses]
    pairs = [(event, fit[0], fit[1]) for event, fit in matched if fit is not None]
    wrong = [one for one, good in zip(found, valid, strict=True) if not good]
    ignored = [one for one in wrong if _ignorable(one, events, rules)]
    false = [one for one in wrong if one not in ignored]
    months = substations * (end_s - start_s) / HOUR_S / HOURS_PER_MONTH
    recall = len(pairs) / len(losses) if losses else None
    precision = len(pairs) / (len(pairs) + len(false)) if pairs or false else None
    total, middle = _energy_errors(pairs)
    return ScoreReport(
        events=len(losses),
        detected=len(pairs),
        false_alarms=len(false),
        ignored=len(ignored),
        recall=recall,
        precision=precision,
        f1=2 * precision * recall / (precision + recall) if pairs and precision and recall else 0.0,
        median_delay_h=median(max(0.0, (first - e.start_s) / HOUR_S) for e, _, first in pairs) if pairs else None,
        false_alarms_per_substation_month=len(false) / months,
        severity_accuracy=_share([one.severity == event.severity for event, one, _ in pairs if one.severity]),
        cause_accuracy=_share([one.cause == event.kind for event, one, _ in pairs if one.cause]),
        energy_total_error_pct=total,
        energy_median_error_pct=middle,
        recall_by_kind=_recall_by_kind(losses, {event.event_id for event, _, _ in pairs}),
        false_alarms_on=_occasions(false, events),
        missed=tuple(event.event_id for event, fit in matched if fit is None),
        energy_by_kind=_energy_by_kind(losses, found, pairs),
    )


def _overlaps(event: LossEvent, one: DetectedEvent) -> bool:
    return event.substation == one.substation and event.start_s < one.end_s and event.end_s > one.start_s


def _credits(event: LossEvent, one: DetectedEvent, rules: Rules) -> bool:
    return _overlaps(event, one) and one.start_s >= event.start_s - rules.early_h * HOUR_S


def _best_fit(
    event: LossEvent, found: list[DetectedEvent], valid: list[bool], rules: Rules
) -> tuple[DetectedEvent, float] | None:
    """The in-time detection with the largest intersection over union, and when the first of them was raised."""
    limit = event.start_s + (rules.delay_h + event.ramp_hours) * HOUR_S
    timely = [d for d, good in zip(found, valid, strict=True) if good and _overlaps(event, d) and d.start_s <= limit]
    if not timely:
        return None
    return max(timely, key=lambda d: _fit(event, d)), min(d.start_s for d in timely)


def _fit(event: LossEvent, one: DetectedEvent) -> float:
    common = min(one.end_s, event.end_s) - max(one.start_s, event.start_s)
    return common / (max(one.end_s, event.end_s) - min(one.start_s, event.start_s))


def _ignorable(one: DetectedEvent, events: Sequence[LossEvent], rules: Rules) -> bool:
    if any(event.is_loss and _overlaps(event, one) for event in events):
        return False
    tail = rules.tail_h * HOUR_S
    return any(
        (event.dont_care and _overlaps(event, one))
        or (event.is_loss and event.substation == one.substation and event.end_s <= one.start_s <= event.end_s + tail)
        for event in events
    )


def _energy_errors(pairs: list[tuple[LossEvent, DetectedEvent, float]]) -> tuple[float | None, float | None]:
    """Error of the summed energy, and median error per detection, in %; events of one detection are added up."""
    truth: dict[DetectedEvent, float] = {}
    for event, one, _ in pairs:
        if one.loss_kwh is not None:
            truth[one] = truth.get(one, 0.0) + event.extra_loss_kwh
    if not truth:
        return None, None
    total = sum(truth.values())
    estimated = sum(one.loss_kwh or 0.0 for one in truth)
    each = [100.0 * abs((one.loss_kwh or 0.0) - kwh) / max(kwh, 1e-6) for one, kwh in truth.items()]
    return 100.0 * (estimated - total) / total, median(each)


def _energy_by_kind(
    losses: list[LossEvent], found: list[DetectedEvent], pairs: list[tuple[LossEvent, DetectedEvent, float]]
) -> dict[str, KindEnergy]:
    """Sums by kind of event; a detection that fits several events counts with the first of them."""
    sums = {kind: KindEnergy() for kind in sorted({event.kind for event in losses})}
    for event in losses:
        sums[event.kind] += KindEnergy(all_true_kwh=event.extra_loss_kwh)
    for one in found:
        touched = [event for event in losses if _overlaps(event, one)]
        if touched:
            best = max(touched, key=lambda event: _fit(event, one))
            sums[best.kind] += KindEnergy(all_found_kwh=one.loss_kwh or 0.0)
    taken: dict[DetectedEvent, str] = {}
    for event, one, _ in pairs:
        found_kwh = 0.0 if one in taken else one.loss_kwh or 0.0
        kind = taken.setdefault(one, event.kind)
        sums[kind] += KindEnergy(matched_true_kwh=event.extra_loss_kwh, matched_found_kwh=found_kwh)
    return sums


def _share(right: list[bool]) -> float | None:
    return fmean(right) if right else None


def _recall_by_kind(losses: list[LossEvent], detected: set[str]) -> dict[str, tuple[int, int]]:
    kinds = sorted({event.kind for event in losses})
    of_kind = {kind: [event.event_id in detected for event in losses if event.kind == kind] for kind in kinds}
    return {kind: (sum(hits), len(hits)) for kind, hits in of_kind.items()}


def _occasions(false: list[DetectedEvent], events: Sequence[LossEvent]) -> dict[str, int]:
    """What else was going on during the false alarms."""
    counts: dict[str, int] = {}
    for one in false:
        during = {
            event.kind
            for event in events
            if not event.is_loss
            and event.substation in (one.substation, ALL_SUBSTATIONS)
            and event.start_s < one.end_s
            and event.end_s > one.start_s
        }
        for kind in during or {"nothing"}:
            counts[kind] = counts.get(kind, 0) + 1
    return counts
