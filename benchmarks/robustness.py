"""How the detection holds up when a recording is worse than the benchmark's: the same sets, changed, scored again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from benchmarks.evaluation import detections
from benchmarks.event_score import ScoreReport, score
from benchmarks.labelled_set import Benchmark
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.whole_record import analyse, fit
from substations.channels import CHANNEL_INDEX
from substations.electrical.nameplate import complete
from substations.electrical.power import BoolArray, FloatArray

FAULTY_SHARE = 1.0 / 3.0
SEED = 1
PER_PHASE = (
    "current_l1_a", "current_l2_a", "current_l3_a", "voltage_l12_v", "voltage_l23_v", "voltage_l31_v",
    "thd_current_l2_pct", "thd_current_l3_pct",
)  # fmt: skip
SHOWN_BY_P_AND_Q = ("capacitor_failure", "low_pf_motor", "overload")
"""What an export of P and Q alone can show: other kinds of fault are left out of the score."""

DISTORTION = ("thd_current_l1_pct", "thd_current_l2_pct", "thd_current_l3_pct")


@dataclass(frozen=True)
class Trial:
    """A changed set: what to learn from ([time]), and from when on it is judged and scored."""

    benchmark: Benchmark
    train: BoolArray
    start_s: int


Condition = Callable[[Benchmark], Trial | None]


def run(trial: Trial) -> ScoreReport:
    """Learn, detect and score; events and alarms that begin before the judged range are left out."""
    benchmark, start_s = trial.benchmark, trial.start_s
    analysis = analyse(benchmark.fleet, fit(benchmark.fleet, trial.train), start_s=start_s)
    found = detections(analysis.findings, benchmark.end_s)
    events = benchmark.events
    if start_s > benchmark.train_end_s:
        found = [one for one in found if one.start_s >= start_s]
        events = tuple(event for event in events if event.start_s >= start_s)
    return score(events, found, start_s=start_s, end_s=benchmark.end_s, substations=len(benchmark.fleet.codes))


def robustness(benchmarks: Iterable[Benchmark]) -> dict[str, list[ScoreReport]]:
    """Reports of every set by condition, in the order of CONDITIONS; a condition that suits no set is left out."""
    sets = list(benchmarks)
    trials = {name: [condition(each) for each in sets] for name, condition in CONDITIONS.items()}
    found = {name: [run(trial) for trial in made if trial is not None] for name, made in trials.items()}
    return {name: reports for name, reports in found.items() if reports}


def mean(reports: Iterable[ScoreReport], figure: str) -> float | None:
    """Mean of a figure over the sets that have it."""
    known = [value for value in (getattr(report, figure) for report in reports) if value is not None]
    return fmean(known) if known else None


def _trial(benchmark: Benchmark) -> Trial:
    return Trial(benchmark, np.asarray(benchmark.fleet.at_s < benchmark.train_end_s), benchmark.train_end_s)


def _changed(change: Callable[[Fleet], Fleet]) -> Condition:
    return lambda benchmark: _trial(replace(benchmark, fleet=change(benchmark.fleet)))


def averaged(interval_s: int) -> Condition:
    """Means over a longer interval; None for sets that have no shorter one."""

    def condition(benchmark: Benchmark) -> Trial | None:
        fleet = benchmark.fleet
        if fleet.interval_s >= interval_s or interval_s % fleet.interval_s:
            return None
        each = interval_s // fleet.interval_s
        count = len(fleet.at_s) // each
        values = fleet.values[:, : count * each].reshape(len(fleet.codes), count, each, -1)
        known = np.isfinite(values).sum(axis=2)
        with np.errstate(invalid="ignore"):
            means = np.where(known > 0, np.nansum(values, axis=2) / known, np.nan)
        firsts = slice(0, count * each, each)
        offset = fleet.utc_offset_s if isinstance(fleet.utc_offset_s, int) else fleet.utc_offset_s[firsts]
        slower = replace(fleet, at_s=fleet.at_s[firsts], interval_s=interval_s, values=means, utc_offset_s=offset)
        return _trial(replace(benchmark, fleet=slower))

    return condition


def rows_missing(share: float) -> Condition:
    """Rows dropped at random, each substation on its own."""

    def change(fleet: Fleet) -> Fleet:
        lost = np.random.default_rng(SEED).random(fleet.values.shape[:2]) < share
        return replace(fleet, values=np.where(lost[..., None], np.nan, fleet.values))

    return _changed(change)


def less_training(share: float) -> Condition:
    """The first part of the training range is not there."""

    def condition(benchmark: Benchmark) -> Trial:
        fleet = benchmark.fleet
        first = int(share * np.searchsorted(fleet.at_s, benchmark.train_end_s))
        return _trial(replace(benchmark, fleet=fleet.since(int(fleet.at_s[first]))))

    return condition


def second_half(faulty: bool) -> Condition:
    """Only the second half of the test range is judged; ``faulty`` puts the first half into the training range.

    The training range is cut at its start so that the part with events is a third of it.
    """

    def condition(benchmark: Benchmark) -> Trial:
        at_s, end_s = benchmark.fleet.at_s, benchmark.train_end_s
        middle_s = (end_s + benchmark.end_s) // 2
        clean_s = (1.0 / FAULTY_SHARE - 1.0) * (middle_s - end_s)
        train = (at_s >= end_s - clean_s) & (at_s < middle_s) if faulty else at_s < end_s
        return Trial(benchmark, np.asarray(train), middle_s)

    return condition


def without(*channels: str) -> Condition:
    """Readings without some channels."""

    def change(fleet: Fleet) -> Fleet:
        values: FloatArray = fleet.values.copy()
        values[:, :, [CHANNEL_INDEX[name] for name in channels]] = np.nan
        return replace(fleet, values=values)

    return _changed(change)


def only(*channels: str, unsigned: bool = False) -> Condition:
    """Readings with these channels alone, magnitudes where ``unsigned``; scored on what P and Q can show."""

    def condition(benchmark: Benchmark) -> Trial:
        values = np.full_like(benchmark.fleet.values, np.nan)
        for name in channels:
            column = benchmark.fleet.values[:, :, CHANNEL_INDEX[name]]
            values[:, :, CHANNEL_INDEX[name]] = np.abs(column) if unsigned else column
        events = tuple(
            event
            if not event.is_loss or event.kind in SHOWN_BY_P_AND_Q
            else replace(event, is_loss=False, dont_care=True)
            for event in benchmark.events
        )
        return _trial(replace(benchmark, fleet=replace(benchmark.fleet, values=values), events=events))

    return condition


def _no_nameplate(fleet: Fleet) -> Fleet:
    """Every rated value guessed from the readings."""
    apparent, voltage = fleet.channel("apparent_power_kva"), fleet.channel("voltage_avg_v")
    plates = [complete(code, apparent_kva=apparent[k], voltage_v=voltage[k]) for k, code in enumerate(fleet.codes)]
    return replace(fleet, nameplates=tuple(plates))


CONDITIONS: dict[str, Condition] = {
    "as recorded": _trial,
    "15-minute means": averaged(900),
    "60-minute means": averaged(3600),
    "5 % of the rows missing": rows_missing(0.05),
    "20 % of the rows missing": rows_missing(0.20),
    "20 % less training": less_training(0.20),
    "50 % less training": less_training(0.50),
    "no topology": _changed(lambda fleet: replace(fleet, segments=())),
    "no nameplate": _changed(_no_nameplate),
    "no THD": without(*DISTORTION),
    "no oil temperature": without("oil_temperature_c"),
    "one current, one voltage": without(*PER_PHASE),
    "only P and Q": only("active_power_kw", "reactive_power_kvar"),
    "only P and an unsigned power factor": only("active_power_kw", "power_factor", unsigned=True),
    "second half, clean training": second_half(faulty=False),
    "second half, a third of the training faulty": second_half(faulty=True),
}
