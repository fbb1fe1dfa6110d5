"""Run the diagnosis and the baselines over a benchmark folder and score them side by side."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks import baselines
from benchmarks.event_score import Detection, Report, score
from benchmarks.labelled_set import Benchmark, read_benchmark
from mlcore.diagnosis.findings import Finding
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.judgement import CONTEXT_HOURS
from mlcore.diagnosis.model import SubstationModel
from mlcore.diagnosis.whole_record import analyse, fit


@dataclass(frozen=True)
class Comparison:
    """Reports of one folder by the detector's name ("diagnosis" is ours), and what ours took.

    when_raised: shares of detected events whose severity and cause were right at the moment of the alarm.
    expected_false_alarms: per substation-month, from the training range alone.
    warnings: what the models say of their training data.
    """

    name: str
    reports: dict[str, Report]
    fit_seconds: float
    analyse_seconds: float
    findings: list[Finding]
    when_raised: tuple[float | None, float | None]
    expected_false_alarms: float
    warnings: list[str]


def evaluate(
    folder: Path,
    *,
    sensitivity: float = 1.0,
    false_alarms_per_month: float | None = None,
    with_baselines: bool = True,
) -> Comparison:
    """Learn before ``train_end``, detect after it, and score by the rules of ``benchmarks.event_score``."""
    benchmark = read_benchmark(folder)
    fleet, train = benchmark.fleet, benchmark.fleet.at_s < benchmark.train_end_s
    started = time.perf_counter()
    models = fit(fleet, train, sensitivity=sensitivity, false_alarms_per_month=false_alarms_per_month)
    fitted = time.perf_counter()
    analysis = analyse(fleet, models, start_s=benchmark.train_end_s)
    done = time.perf_counter()
    reports = {"diagnosis": _report(benchmark, detections(analysis.findings, benchmark.end_s))}
    if with_baselines:
        for name, detect in baselines.available().items():
            reports[name] = _report(benchmark, detect(fleet, train))
    early = _report(benchmark, detections(as_raised(fleet, models, analysis.findings), benchmark.end_s))
    return Comparison(
        name=benchmark.name,
        reports=reports,
        fit_seconds=fitted - started,
        analyse_seconds=done - fitted,
        findings=analysis.findings,
        when_raised=(early.severity_accuracy, early.cause_accuracy),
        expected_false_alarms=fmean(model.expected_false_alarms for model in models.values()) if models else 0.0,
        warnings=[f"{model.code}: {model.warning}" for model in models.values() if model.warning],
    )


def as_raised(fleet: Fleet, models: Mapping[str, SubstationModel], findings: Iterable[Finding]) -> list[Finding]:
    """Loss findings with the severity and cause that were known at the moment each was raised."""
    return [_as_raised(fleet, models, finding) for finding in findings if finding.kind == "loss"]


def _as_raised(fleet: Fleet, models: Mapping[str, SubstationModel], finding: Finding) -> Finding:
    stop = int(np.searchsorted(fleet.at_s, finding.start_s)) + 1
    first = max(0, stop - fleet.steps(CONTEXT_HOURS))
    offset = fleet.utc_offset_s if isinstance(fleet.utc_offset_s, int) else fleet.utc_offset_s[first:stop]
    known = replace(fleet, at_s=fleet.at_s[first:stop], values=fleet.values[:, first:stop], utc_offset_s=offset)
    then = analyse(known, models, start_s=finding.start_s).findings
    same = [one for one in then if one.kind == "loss" and one.substation == finding.substation and one.end_s is None]
    latest = max(same, key=lambda one: one.start_s, default=finding)
    return replace(finding, severity=latest.severity, cause=latest.cause)


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
