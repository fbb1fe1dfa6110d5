"""A benchmark folder is read and scored, ours beside the simple detectors."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import baselines
from benchmarks.evaluation import as_raised, detections, evaluate
from benchmarks.labelled_set import COLUMNS, read_benchmark
from mlcore.detector import analyse_fleet, train_fleet
from mlcore.tests.made_fleet import START_S, TRAIN_DAYS, Load, made_fleet, training
from substations.channels import CHANNEL_INDEX

BEGIN_H, END_H = 19 * 24 + 8.0, 20 * 24 + 20.0


def _clock(at_s: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return datetime.fromtimestamp(at_s, tz=UTC).strftime(form)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one lost capacitor."""

    def lost_capacitor(load: Load) -> None:
        load.reactive[1, load.between(BEGIN_H, END_H)] += 0.16

    fleet = made_fleet(lost_capacitor)
    place = tmp_path_factory.mktemp("bench")
    tables = []
    for number, code in enumerate(fleet.codes):
        columns = {name: fleet.values[number, :, CHANNEL_INDEX[channel]] for name, channel in COLUMNS.items()}
        when = {
            "Date": [_clock(t, "%Y-%m-%d") for t in fleet.at_s],
            "Time": [_clock(t, "%H:%M:%S") for t in fleet.at_s],
        }
        tables.append(pd.DataFrame({**when, "Substation": code, **columns}))
    readings = pd.concat(tables).drop(index=100)
    readings.to_csv(place / "readings.csv.gz", index=False)
    plates = [
        {"name": p.code, "rated_kva": p.rated_kva, "nominal_v": p.nominal_v, "hv_nominal_v": p.hv_nominal_v,
         "no_load_loss_w": p.no_load_loss_w, "load_loss_w": p.load_loss_w, "impedance_pct": 4.5}
        for p in fleet.nameplates
    ]  # fmt: skip
    pd.DataFrame(plates).to_csv(place / "substations.csv", index=False)
    links = [
        {"from_node": s.source or "SOURCE", "to_node": s.target, "r_ohm": s.r_ohm, "x_ohm": s.x_ohm,
         "length_km": s.length_km, "status": "closed"}
        for s in fleet.segments
    ]  # fmt: skip
    pd.DataFrame(links).to_csv(place / "links.csv", index=False)
    meta = {
        "interval_minutes": 30,
        "train_end": _clock(START_S + TRAIN_DAYS * 86_400),
        "end": _clock(fleet.at_s[-1] + 1800),
    }
    (place / "meta.json").write_text(json.dumps(meta))
    event = {
        "event_id": "E001", "substation": "T2", "start": _clock(START_S + BEGIN_H * 3600),
        "end": _clock(START_S + END_H * 3600), "kind": "capacitor_failure", "is_loss": "true", "severity": "critical",
        "extra_loss_kwh": 60.0, "ramp_hours": 0.0, "dont_care": "false",
    }  # fmt: skip
    pd.DataFrame([event]).to_csv(place / "events.csv", index=False)
    return place


def test_a_folder_comes_back_as_the_fleet_it_was_made_from(folder: Path) -> None:
    fleet, back = made_fleet(), read_benchmark(folder)
    assert back.fleet.codes == fleet.codes
    assert np.array_equal(back.fleet.at_s, fleet.at_s)
    assert back.fleet.segments == fleet.segments
    assert np.isnan(back.fleet.values[:, 100]).all()
    assert np.allclose(back.fleet.values[0, :100], fleet.values[0, :100], rtol=1e-6)
    assert back.train_end_s == START_S + TRAIN_DAYS * 86_400
    assert back.events[0].is_loss


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("scratch")
def test_what_runs_in_production_is_scored_beside_the_baselines(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without scikit-learn the isolation forest is left out, and nothing else is."""
    monkeypatch.setattr(baselines, "find_spec", lambda name: None)
    comparison = evaluate(folder)
    ours = comparison.reports["diagnosis"]
    assert (ours.f1, ours.cause_accuracy, ours.false_alarms) == (1.0, 1.0, 0)
    assert comparison.reports.keys() == {"diagnosis", "static limits", "PCA, 8 steps"}
    assert ours.f1 >= max(report.f1 for report in comparison.reports.values())
    assert comparison.when_raised[1] == 1.0
    assert 0.0 < comparison.expected_false_alarms < 1.0
    assert comparison.warnings == []


def test_what_was_said_when_raised_does_not_know_what_came_later(folder: Path) -> None:
    benchmark = read_benchmark(folder)
    fleet = benchmark.fleet
    detectors = train_fleet(fleet, fleet.at_s < benchmark.train_end_s)
    analysis = analyse_fleet(fleet, detectors, start_s=benchmark.train_end_s)
    (detected,) = detections(analysis.findings, benchmark.end_s)
    last = int(np.searchsorted(fleet.at_s, detected.start_s)) + 1
    cut = replace(fleet, at_s=fleet.at_s[:last], values=fleet.values[:, :last])
    then = analyse_fleet(cut, detectors, start_s=int(detected.start_s)).findings
    (early,) = [finding for finding in then if finding.kind == "loss"]
    (known,) = as_raised(fleet, detectors, [detected])
    assert (known.cause, known.severity) == (early.cause, early.severity)
    assert known.end_s == detected.end_s


def test_a_baseline_finds_what_lies_far_outside_the_training_range() -> None:
    def hot(load: Load) -> None:
        load.oil_extra_k[2, load.between(BEGIN_H, END_H)] += 80.0

    fleet = made_fleet(hot)
    train = training(fleet)
    found = baselines.static_limits(fleet, train)
    assert {(d.substation, d.cause) for d in found} == {("T3", "cooling_failure")}
    assert "T3" in {d.substation for d in baselines.principal_components(fleet, train)}


def test_readings_without_a_clock_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    for name in ("meta.json", "substations.csv", "links.csv", "events.csv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    pd.read_csv(folder / "readings.csv.gz").drop(columns=["Time"]).to_csv(tmp_path / "readings.csv.gz", index=False)
    with pytest.raises(ValueError, match="Time"):
        read_benchmark(tmp_path)
