"""What runs in production and the baselines, over a benchmark folder, scored side by side.

Ours goes the whole way on a scratch database: files are taken in, models trained with their autoencoders and stored,
readings scored, raised limits applied, findings reconciled. What is compared with the events is the rows of detections.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import numpy as np
from django.conf import settings

from benchmarks import baselines
from benchmarks.event_score import DetectedEvent, ScoreReport, score
from benchmarks.labelled_set import Benchmark, read_benchmark
from benchmarks.loss_accuracy import LossError, loss_accuracy
from ingestion.options import ImportOptions
from mlcore.detector import TrainedDetector, analyse_fleet
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.terms import CONTEXT_HOURS
from mlcore.fleet.groups import neighbour_groups
from mlcore.models import Detection
from mlcore.training.store import load_detectors
from smart_ems.scratch import register, score_everything, scratch_database, take_in, train_until


@dataclass(frozen=True)
class Comparison:
    """Reports of one folder by the detector's name ("diagnosis" is ours), and what ours took.

    detected: what ours found. when_raised: shares of detected events whose severity and cause were right at the moment
    of the alarm. expected_false_alarms: per substation-month, from the training range alone.
    warnings: what the models say of their training data. losses: how well losses were accounted, where asked for.
    """

    name: str
    reports: dict[str, ScoreReport]
    fit_seconds: float
    analyse_seconds: float
    detected: list[DetectedEvent]
    when_raised: tuple[float | None, float | None]
    expected_false_alarms: float
    warnings: list[str]
    losses: dict[str, LossError]


@dataclass(frozen=True)
class Production:
    """What the whole way came to. detectors: by code, as they are stored."""

    detected: list[DetectedEvent]
    detectors: dict[str, TrainedDetector]
    fit_seconds: float
    analyse_seconds: float
    losses: dict[str, LossError]


def evaluate(
    folder: Path,
    *,
    false_alarms_per_month: float | None = None,
    with_baselines: bool = True,
    with_losses: bool = False,
) -> Comparison:
    """Learn before ``train_end``, detect after it, and score by the rules of ``benchmarks.event_score``."""
    benchmark = read_benchmark(folder)
    fleet, train = benchmark.fleet, benchmark.fleet.at_s < benchmark.train_end_s
    ours = run_production(folder, benchmark, false_alarms_per_month, with_losses=with_losses)
    reports = {"diagnosis": _report(benchmark, ours.detected)}
    if with_baselines:
        for name, detect in baselines.available().items():
            reports[name] = _report(benchmark, detect(fleet, train))
    early = _report(benchmark, as_raised(fleet, ours.detectors, ours.detected))
    models = [detector.model for detector in ours.detectors.values()]
    return Comparison(
        name=benchmark.name,
        reports=reports,
        fit_seconds=ours.fit_seconds,
        analyse_seconds=ours.analyse_seconds,
        detected=ours.detected,
        when_raised=(early.severity_accuracy, early.cause_accuracy),
        expected_false_alarms=fmean(model.expected_false_alarms for model in models) if models else 0.0,
        warnings=[f"{model.code}: {model.warning}" for model in models if model.warning],
        losses=ours.losses,
    )


def run_production(
    folder: Path, benchmark: Benchmark, false_alarms_per_month: float | None, *, with_losses: bool = False
) -> Production:
    """Take the folder in, train, score; losses that were raised after ``train_end``."""
    with scratch_database(), _false_alarms(false_alarms_per_month):
        register(folder / "substations.csv", folder / "links.csv")
        take_in(folder / "readings.csv.gz", ImportOptions(time_zone="UTC", unknown="create", allow_future=True))
        started = time.perf_counter()
        train_until(datetime.fromtimestamp(benchmark.train_end_s, UTC))
        trained = time.perf_counter()
        rows = score_everything()
        done = time.perf_counter()
        detectors: dict[str, TrainedDetector] = {}
        for group in neighbour_groups():
            detectors |= load_detectors(group)[0]
        losses = loss_accuracy(folder) if with_losses else {}
        return Production(_events(rows, benchmark), detectors, trained - started, done - trained, losses)


@contextmanager
def _false_alarms(per_month: float | None) -> Iterator[None]:
    """The setting of this name, for a while; None leaves it as it is."""
    before = settings.FALSE_ALARMS_PER_MONTH
    settings.FALSE_ALARMS_PER_MONTH = before if per_month is None else per_month
    try:
        yield
    finally:
        settings.FALSE_ALARMS_PER_MONTH = before


def _events(rows: Iterable[Detection], benchmark: Benchmark) -> list[DetectedEvent]:
    """Losses that reach beyond ``train_end``; one that is still open lasts until the end of the record."""
    return [
        DetectedEvent(
            substation=row.substation.code,
            start_s=row.start.timestamp(),
            end_s=row.end.timestamp() if row.end else benchmark.end_s,
            severity="critical" if row.severity >= Detection.Severity.CRITICAL else "warning",
            cause=row.cause,
            loss_kwh=row.loss_kwh or 0.0,
        )
        for row in rows
        if row.kind == Detection.Kind.LOSS and (row.end is None or row.end.timestamp() > benchmark.train_end_s)
    ]


def as_raised(
    fleet: Fleet, detectors: Mapping[str, TrainedDetector], detected: Iterable[DetectedEvent]
) -> list[DetectedEvent]:
    """Detected losses with the severity and cause that were known at the moment each was raised."""
    return [_as_raised(fleet, detectors, event) for event in detected]


def _as_raised(fleet: Fleet, detectors: Mapping[str, TrainedDetector], event: DetectedEvent) -> DetectedEvent:
    stop = int(np.searchsorted(fleet.at_s, event.start_s)) + 1
    first = max(0, stop - fleet.steps(CONTEXT_HOURS))
    offset = fleet.utc_offset_s if isinstance(fleet.utc_offset_s, int) else fleet.utc_offset_s[first:stop]
    known = replace(fleet, at_s=fleet.at_s[first:stop], values=fleet.values[:, first:stop], utc_offset_s=offset)
    then = analyse_fleet(known, detectors, start_s=int(event.start_s)).findings
    open_then = [f for f in then if f.kind == "loss" and f.substation == event.substation and f.end_s is None]
    if not open_then:
        return event
    latest = max(open_then, key=lambda finding: finding.start_s)
    return replace(event, severity=latest.severity, cause=latest.cause)


def detections(findings: Iterable[Finding], until_s: int) -> list[DetectedEvent]:
    """Loss findings as detections; one that is still open lasts until the end of the record."""
    return [
        DetectedEvent(
            substation=finding.substation,
            start_s=finding.start_s,
            end_s=until_s if finding.end_s is None else finding.end_s,
            severity=finding.severity,
            cause=finding.cause,
            loss_kwh=finding.loss_kwh,
        )
        for finding in findings
        if finding.kind == "loss"
    ]


def _report(benchmark: Benchmark, found: Iterable[DetectedEvent]) -> ScoreReport:
    return score(
        benchmark.events,
        found,
        start_s=benchmark.train_end_s,
        end_s=benchmark.end_s,
        substations=len(benchmark.fleet.codes),
    )
