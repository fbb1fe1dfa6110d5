"""Run the diagnosis and the baselines over a benchmark folder and score them side by side."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mlcore import baselines
from mlcore.benchmark import Benchmark, read_benchmark
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.pipeline import analyse, fit
from mlcore.event_score import Detection, Report, score


@dataclass(frozen=True)
class Comparison:
    """Reports of one folder by the detector's name ("diagnosis" is ours), and what ours took."""

    name: str
    reports: dict[str, Report]
    fit_seconds: float
    analyse_seconds: float
    findings: list[Finding]


def evaluate(folder: Path, *, sensitivity: float = 1.0, with_baselines: bool = True) -> Comparison:
    """Learn before ``train_end``, detect after it, and score by the rules of ``mlcore.event_score``."""
    benchmark = read_benchmark(folder)
    fleet, train = benchmark.fleet, benchmark.fleet.at_s < benchmark.train_end_s
    started = time.perf_counter()
    models = fit(fleet, train, sensitivity=sensitivity)
    fitted = time.perf_counter()
    analysis = analyse(fleet, models, start_s=benchmark.train_end_s)
    done = time.perf_counter()
    reports = {"diagnosis": _report(benchmark, detections(analysis.findings, benchmark.end_s))}
    if with_baselines:
        for name, detect in baselines.available().items():
            reports[name] = _report(benchmark, detect(fleet, train))
    return Comparison(benchmark.name, reports, fitted - started, done - fitted, analysis.findings)


def detections(findings: Iterable[Finding], until_s: int) -> list[Detection]:
    """Loss findings as detections; one that is still open lasts until the end of the record."""
    return [
        Detection(
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


def _report(benchmark: Benchmark, found: Iterable[Detection]) -> Report:
    return score(
        benchmark.events,
        found,
        start_s=benchmark.train_end_s,
        end_s=benchmark.end_s,
        substations=len(benchmark.fleet.codes),
    )
