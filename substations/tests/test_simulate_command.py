from __future__ import annotations

import csv
import gzip
import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from substations.channels import CHANNEL_NAMES
from substations.simulation import KINDS, SimulationSpec, simulate, write_folder


def table(path: Path) -> list[dict[str, str]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("a folder") / "with spaces"
    spec = SimulationSpec(substations=4, days=20, interval_min=60, seed=6, events="dense", is_meshed=True)
    write_folder(simulate(spec), path)
    return path


def test_the_readings_come_back_as_they_were(folder: Path) -> None:
    s = simulate(SimulationSpec(substations=4, days=20, interval_min=60, seed=6, events="dense", is_meshed=True))
    rows = table(folder / "readings.csv.gz")
    assert len(rows[0]) == 3 + len(CHANNEL_NAMES)
    assert (rows[0]["Date"], rows[0]["Time"], rows[0]["Substation"]) == ("2025-09-01", "00:00:00", "SS-01")
    assert len(rows) == (~np.isnan(s.values).all(axis=2)).sum()
    own = [row["Active Power Total"] for row in rows if row["Substation"] == "SS-02"]
    present = s.values[1, ~np.isnan(s.values[1]).all(axis=1), 0]
    np.testing.assert_allclose([float(text) if text else np.nan for text in own], present, atol=0.006)


def test_the_other_files_fit_each_other(folder: Path) -> None:
    codes = [row["name"] for row in table(folder / "substations.csv")]
    assert codes == ["SS-01", "SS-02", "SS-03", "SS-04"]
    links = table(folder / "links.csv")
    assert {link["to_node"] for link in links if link["status"] == "closed"} == set(codes)
    events = table(folder / "events.csv")
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    assert events
    for event in events:
        assert event["kind"] in KINDS
        assert event["substation"] in [*codes, "ALL"]
        assert meta["train_end"] <= event["start"] < event["end"] <= meta["end"]
        assert (event["severity"] != "") == (event["is_loss"] == "true")
        assert isinstance(json.loads(event["cause_variables"]), dict)
    losses = table(folder / "losses.csv.gz")
    assert len(losses) == 4 * 20 * 24
    assert float(losses[0]["transformer_loss_kw"]) > float(losses[0]["no_load_loss_kw"]) > 0


def test_the_same_simulation_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    spec = SimulationSpec(substations=4, days=20, interval_min=60, seed=6, events="dense", is_meshed=True)
    write_folder(simulate(spec), tmp_path)
    for name in ("readings.csv.gz", "losses.csv.gz", "events.csv", "meta.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_the_command_writes_the_folder_and_prints_the_events(tmp_path: Path) -> None:
    out = StringIO()
    arguments = ["--substations=3", "--days=12", "--interval=30min", "--events=dense", "--shapes=office, mixed"]
    call_command("simulate", str(tmp_path / "out"), *arguments, "--mesh", "--hv=6600", "--lv=400", stdout=out)
    assert (tmp_path / "out" / "readings.csv.gz").exists()
    assert "extra kWh" in out.getvalue()
    assert "1728 readings" in out.getvalue()
    assert table(tmp_path / "out" / "substations.csv")[0]["nominal_v"] == "400.0"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--interval=soon", "soon"),
        ("--interval=7min", "interval_min 7"),
        ("--start=yesterday", "yesterday"),
        ("--shapes=casino", "casino"),
        ("--substations=0", "substations 0"),
    ],
)
def test_a_wrong_option_is_explained(option: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("simulate", str(tmp_path), option)
