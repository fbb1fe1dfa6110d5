"""``detect``: a table, a file, JSON, and a sentence for what cannot be used; the database is not touched."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from substations.models import Substation
from tests.exports import export_with_a_failed_bank

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("scratch")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_with_a_failed_bank(tmp_path_factory.mktemp("detect")).parent


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.network_training.train_autoencoders", lambda *args, **kwargs: {})


def run(folder: Path, *arguments: str) -> str:
    out = StringIO()
    plates = ("--substations", str(folder / "substations.csv"), "--links", str(folder / "links.csv"))
    call_command("detect", str(folder / "readings.csv.gz"), *plates, *arguments, stdout=out)
    return out.getvalue()


def test_prints_a_table_and_leaves_the_database_alone(folder: Path) -> None:
    printed = run(folder)
    assert "good rows, 0 rejected" in printed
    assert "Capacitor bank failure" in printed
    assert not Substation.objects.exists()


def test_the_supplied_network_is_trained_further_only_where_that_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def none(*args: object, refine: bool, **kwargs: object) -> dict[str, object]:
        asked.append(refine)
        return {}

    monkeypatch.setattr("mlcore.network_training.train_autoencoders", none)
    run(folder)
    run(folder, "--refine")
    assert asked == [False, True]


def test_the_file_has_the_losses_in_the_clock_of_the_readings(folder: Path, tmp_path: Path) -> None:
    run(folder, "--out", str(tmp_path / "detections.csv"))
    with (tmp_path / "detections.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["substation", "start", "end", "severity", "cause", "loss_kwh", "score", "reason"]
    assert {row["severity"] for row in rows} <= {"warning", "critical"}
    assert "capacitor_failure" in {row["cause"] for row in rows}


def test_json_has_the_evidence(folder: Path) -> None:
    found = json.loads(run(folder, "--json"))
    lost = next(each for each in found if each["cause"] == "capacitor_failure")
    assert lost["evidence"]["at_peak"]["reactive_power_kvar"]["measured"] > 0


def test_a_file_without_time_asks_for_start_and_interval(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("kW,kvar\n" + "10,3\n" * 20)
    with pytest.raises(CommandError, match=r"--start.*--interval|--interval.*--start"):
        call_command("detect", str(tmp_path / "a.csv"), "--substation", "X")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("missing.csv",), "no file"),
        (("{here}/bad.csv", "--substations", "{here}/bad.csv"), "lacks the column code"),
        (("{here}/bad.csv",), "bad.csv"),
        (("{here}/bad.csv", "--interval", "soon"), "expected an interval such as 15min"),
        (("{here}/bad.csv", "--train-until", "monday"), "expected ISO 8601"),
        (("{here}/bad.csv", "--time-zone", "Mars/Base"), "Mars/Base"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "bad.csv").write_bytes(b"\x00\x01\x02 nothing to see")
    with pytest.raises(CommandError, match=words):
        call_command("detect", *(each.format(here=tmp_path) for each in arguments))
