"""The benchmark under worse conditions: what each of them changes, and that it is scored."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command

from benchmarks import robustness
from benchmarks.evaluation import Production
from benchmarks.event_score import LossEvent
from benchmarks.labelled_set import Benchmark
from benchmarks.robustness import CONDITIONS, Trial, averaged, less_training, rows_missing, run, second_half, without
from mlcore.tests.made_fleet import START_S, TRAIN_DAYS, Load, made_fleet
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES

BEGIN_H, END_H = 22 * 24 + 8.0, 23 * 24 + 8.0


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    """Seven days of test after 17 of training, with one lost capacitor in their second half."""

    def lost(load: Load) -> None:
        load.reactive[1, load.between(BEGIN_H, END_H)] += 0.16

    fleet = made_fleet(lost)
    begin_s, end_s = START_S + BEGIN_H * 3600, START_S + END_H * 3600
    event = LossEvent("E1", "T2", begin_s, end_s, "capacitor_failure", True, "critical", 50.0)
    return Benchmark("made", fleet, START_S + TRAIN_DAYS * 86_400, int(fleet.at_s[-1]) + 1800, (event,))


def _made(condition: robustness.Condition, benchmark: Benchmark) -> Trial:
    trial = condition(benchmark)
    assert trial is not None
    return trial


def test_means_keep_the_level_and_skip_what_is_missing(benchmark: Benchmark) -> None:
    fleet, slower = benchmark.fleet, _made(averaged(3600), benchmark).benchmark.fleet
    assert (slower.interval_s, len(slower.at_s)) == (3600, len(fleet.at_s) // 2)
    active = fleet.channel("active_power_kw")
    assert np.allclose(slower.channel("active_power_kw"), (active[:, ::2] + active[:, 1::2]) / 2)
    values = fleet.values.copy()
    values[0, 1] = np.nan
    gap = replace(benchmark, fleet=replace(fleet, values=values))
    assert _made(averaged(3600), gap).benchmark.fleet.channel("active_power_kw")[0, 0] == active[0, 0]


def test_a_set_that_is_slower_already_is_left_out(benchmark: Benchmark) -> None:
    assert averaged(900)(benchmark) is None


def test_rows_go_missing_as_a_whole(benchmark: Benchmark) -> None:
    values = _made(rows_missing(0.2), benchmark).benchmark.fleet.values
    known = np.isfinite(values[:, :, CHANNEL_INDEX["active_power_kw"]])
    assert 0.17 < 1.0 - known.mean() < 0.23
    assert np.isnan(values[~known]).all()


def test_less_training_keeps_its_end(benchmark: Benchmark) -> None:
    whole, half = (_made(less_training(share), benchmark) for share in (0.0, 0.5))
    assert half.train.sum() == pytest.approx(whole.train.sum() / 2, abs=1)
    assert half.start_s == whole.start_s == benchmark.train_end_s


def test_a_third_of_the_training_comes_from_the_test_range(benchmark: Benchmark) -> None:
    clean, faulty = (_made(second_half(one), benchmark) for one in (False, True))
    at_s = benchmark.fleet.at_s
    assert clean.start_s == faulty.start_s == (benchmark.train_end_s + benchmark.end_s) // 2
    assert at_s[clean.train].max() < benchmark.train_end_s
    assert (at_s[faulty.train] >= benchmark.train_end_s).mean() == pytest.approx(1 / 3, abs=0.01)
    assert at_s[faulty.train].max() < faulty.start_s


def test_channels_that_are_taken_away_are_gone_and_the_set_stays_as_it_was(benchmark: Benchmark) -> None:
    before = benchmark.fleet.values.copy()
    fleet = _made(without("oil_temperature_c"), benchmark).benchmark.fleet
    assert np.isnan(fleet.channel("oil_temperature_c")).all()
    assert np.array_equal(benchmark.fleet.values, before, equal_nan=True)


def test_a_sparse_export_has_its_channels_alone_and_is_scored_on_what_they_can_show(benchmark: Benchmark) -> None:
    heat = replace(benchmark.events[0], event_id="E9", kind="cooling_failure", is_loss=True)
    trial = _made(
        CONDITIONS["only P and an unsigned power factor"], replace(benchmark, events=(*benchmark.events, heat))
    )
    fleet = trial.benchmark.fleet
    known = {name for name in CHANNEL_NAMES if np.isfinite(fleet.channel(name)).any()}
    assert known == {"active_power_kw", "power_factor"}
    assert (np.nan_to_num(fleet.channel("power_factor")) >= 0).all()
    assert [(e.is_loss, e.dont_care) for e in trial.benchmark.events if e.event_id == "E9"] == [(False, True)]
    assert [e for e in trial.benchmark.events if e.is_loss] == [e for e in benchmark.events if e.is_loss]


@pytest.mark.parametrize(
    "name", ["only P and Q", "no nameplate", "one current, one voltage", "second half, clean training"]
)
def test_the_lost_capacitor_is_found_all_the_same(benchmark: Benchmark, name: str) -> None:
    report = run(_made(CONDITIONS[name], benchmark))
    assert (report.events, report.detected, report.cause_accuracy) == (1, 1, 1.0)


def test_the_command_prints_a_row_per_condition_and_json(benchmark: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run(_made(CONDITIONS["as recorded"], benchmark))
    command = "benchmarks.management.commands.evaluate"
    monkeypatch.setattr(robustness, "CONDITIONS", {"no THD": CONDITIONS["no THD"]})
    monkeypatch.setattr(f"{command}.read_benchmark", lambda folder: benchmark)
    monkeypatch.setattr("benchmarks.evaluation.read_benchmark", lambda folder: benchmark)
    nothing = Production([], {}, 0.0, 0.0, {})
    monkeypatch.setattr("benchmarks.evaluation.run_production", lambda folder, benchmark, per_month, **options: nothing)
    table, plain = StringIO(), StringIO()
    call_command("evaluate", "made", no_baselines=True, robustness=True, stdout=table)
    assert "no THD" in table.getvalue()
    call_command("evaluate", "made", no_baselines=True, robustness=True, json=True, stdout=plain)
    assert json.loads(plain.getvalue())["robustness"]["no THD"][0]["f1"] == report.f1
