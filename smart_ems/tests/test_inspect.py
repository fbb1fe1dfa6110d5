"""The command that says what an upload would load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

GOOD = "Timestamp,kW,kvar\n" + "\n".join(f"2026-03-14 0{n}:00,80,60" for n in range(8))
UNSURE = GOOD.replace("kW", "Power").replace(",kvar", "").replace(",60", "")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A file that loads, one that asks, one that is refused."""
    found = {"good": tmp_path / "good.csv", "unsure": tmp_path / "unsure.csv", "bad": tmp_path / "bad.pdf"}
    found["good"].write_text(GOOD)
    found["unsure"].write_text(UNSURE)
    found["bad"].write_bytes(b"%PDF-1.7")
    return found


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[Any]]:
    code = 0
    try:
        call_command("inspect", *map(str, arguments), "--substation", "S1", "--time-zone", "UTC")
    except SystemExit as ended:
        code = int(str(ended.code))
    text = capsys.readouterr().out
    return code, [json.loads(text)] if "--json" in arguments else [json.loads(line) for line in text.splitlines()]


def test_one_file_as_an_object(capsys: pytest.CaptureFixture[str], files: dict[str, Path], tmp_path: Path) -> None:
    code, (said,) = run(capsys, files["good"], "--json", "--out", tmp_path / "out.csv")
    assert (code, said["rows"], said["questions"]) == (0, {"read": 8, "loaded": 8, "rejected": 0}, [])
    assert [c["quantity"] for c in said["columns"]] == ["active_power_kw", "reactive_power_kvar", "timestamp"]
    first = (tmp_path / "out.csv").read_text().splitlines()[1]
    assert first.startswith("S1,2026-03-14T00:00:00")


def test_several_files_a_line_each_and_the_worst_code(
    capsys: pytest.CaptureFixture[str], files: dict[str, Path]
) -> None:
    code, lines = run(capsys, *files.values(), files["good"].with_name("missing.csv"), "--json-lines")
    assert (code, [said["exit"] for said in lines]) == (2, [0, 3, 2, 2])
    assert lines[1]["questions"][0]["about"] == "unit"
    assert all(said["reason"] for said in lines[2:])


def test_a_profile_answers_ahead(capsys: pytest.CaptureFixture[str], files: dict[str, Path], tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text('{"columns": {"Power": {"quantity": "active_power_kw", "unit": "kW"}}}')
    code, _ = run(capsys, files["unsure"], "--json", "--profile", profile)
    assert code == 0


@pytest.mark.parametrize("text", ["[]", "{", '{"zone": 1}', '{"columns": {"a": 1}}', '{"time_zone": "Mars/Base"}'])
def test_a_profile_that_cannot_be_used_is_refused(files: dict[str, Path], tmp_path: Path, text: str) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(text)
    with pytest.raises(CommandError):
        call_command("inspect", str(files["good"]), "--profile", str(profile))


def test_a_person_reads_sentences(capsys: pytest.CaptureFixture[str], files: dict[str, Path]) -> None:
    with pytest.raises(SystemExit):
        call_command("inspect", str(files["unsure"]), str(files["bad"]))
    text = capsys.readouterr().out
    assert "? unit:" in text
    assert "refused. This is a PDF document" in text
