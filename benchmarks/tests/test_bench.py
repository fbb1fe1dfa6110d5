"""The engine's benchmark: small runs, what they report, and what the command refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from benchmarks import engine_speed

tensorflow = pytest.mark.tensorflow


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("bench", *arguments, stdout=out)
    return out.getvalue()


def test_a_tick_scores_every_substation_and_says_how_long_and_how_much_memory() -> None:
    figures = json.loads(run("tick", "--substations", "500", "--compute-only", "--json"))
    assert figures["networks_scored"] == figures["networks_substations"] == 500
    assert 0 < figures["networks_compute_s"] < 5
    assert figures["networks_peak_memory_mb"] > figures["networks_weights_mb"] > 10
    assert figures["sgemm_peak_gflops"] > 1


def test_without_json_a_table_names_every_figure() -> None:
    assert "compute s " in run("tick", "--substations", "3", "--compute-only")


@tensorflow
def test_a_csv_is_scored_alike_by_the_engine_the_loop_and_predict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_speed, "LOOP_WINDOWS", 12)
    path = tmp_path / "readings.csv"
    rows = "\n".join(f"S{k % 2},{k},{np.sin(k):.3f}" for k in range(600))
    path.write_text(f"name,count,wave\n{rows}\n")
    figures = json.loads(run("score", str(path), "--window", "4", "--hidden", "8", "--json"))
    assert (figures["rows"], figures["channels"]) == (600, 2)
    assert figures["same_scores"], figures["largest_difference"]
    assert figures["ratio_loop_predict"] > 20


@tensorflow
def test_training_a_fleet_takes_less_work_than_a_model_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_speed, "LOOP_EPOCHS", 1)
    figures = engine_speed.bench_train(4, sample=1, rows=500, channels=3, window_steps=8, hidden=8, fleet_updates=200)
    assert figures["loop_sample"] == 1
    assert figures["loop_cpu_s_extrapolated"] == pytest.approx(4 * figures["loop_cpu_s_each"])
    assert figures["ratio_cpu"] == pytest.approx(figures["loop_cpu_s_extrapolated"] / figures["fleet_cpu_s"])
    assert figures["fleet_heldout_error_of_sample"] < figures["loop_heldout_error_of_sample"]


def test_a_file_without_numbers_and_a_fleet_of_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text("a,b\nx,y\n")
    with pytest.raises(CommandError, match="no numeric column"):
        run("score", str(path))
    with pytest.raises(CommandError, match="cannot be read"):
        run("score", str(tmp_path / "nothing.csv"))
    with pytest.raises(CommandError, match="received 0"):
        run("tick", "--substations", "0")


@pytest.mark.django_db(transaction=True)
def test_losses_are_accounted_for_every_hour_of_a_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.large_grid.TEMPLATES", 3)
    figures = json.loads(run("losses", "--substations", "3", "--days", "2", "--json"))
    # The clock of the grid may be half an hour off: then the record begins and ends within an hour of it.
    assert figures["substations"] == 3
    assert figures["hours"] in (3 * 48, 3 * 49)
    assert figures["account_by_read"] == pytest.approx(figures["account_s"] / figures["read_s"])
    assert figures["one_corrected_reading_s"] < figures["account_s"]


def test_losses_need_a_day() -> None:
    with pytest.raises(CommandError, match="Expected a day or more; received 0"):
        run("losses", "--days", "0")


@tensorflow
def test_the_water_loop_names_the_figures_of_each_model() -> None:
    figures = json.loads(run("water", "--seed", "3", "--files", "2", "--json"))
    assert figures["recordings"] == 2
    assert all(0.0 <= figures[f"{name}_f1"] <= 1.0 for name in ("default", "components", "network_alone"))
    assert 0 <= figures["network_used_in"] <= 2


@pytest.mark.parametrize("arguments", [("--files", "0"), ("--seed", "-1")])
def test_a_water_loop_that_cannot_be_made_is_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=r"Expected a recording or more and a seed from 0 on; received"):
        run("water", *arguments)


def test_the_command_calculates_in_one_thread_unless_it_is_told_otherwise() -> None:
    """Numpy reads the number when it is first imported: only a fresh process tells."""
    command = [sys.executable, "manage.py", "bench", "tick", "--substations", "2", "--compute-only", "--json"]
    free = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
    for surroundings, threads in ((free, "1"), ({**free, "OMP_NUM_THREADS": "2"}, "2")):
        found = subprocess.run(
            command, cwd=settings.BASE_DIR, env=surroundings, capture_output=True, text=True, check=True
        )
        assert json.loads(found.stdout)["threads"] == threads
