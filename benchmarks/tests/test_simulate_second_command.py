"""``manage.py simulate_second``: a folder, a sentence, and refusals that name what came."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command


def test_a_folder_is_written_and_counted(tmp_path: Path) -> None:
    out = StringIO()
    arguments = ["--seed", "7", "--substations", "2", "--days", "10", "--interval", "60min", "--start", "2024-06-03"]
    call_command("simulate_second", tmp_path / "set", *arguments, stdout=out)
    meta = json.loads((tmp_path / "set/meta.json").read_text())
    assert (meta["seed"], meta["substations"], meta["interval_minutes"]) == (7, 2, 60)
    assert (meta["start"], meta["train_end"], meta["end"]) == (
        "2024-06-03 00:00:00",
        "2024-06-09 00:00:00",
        "2024-06-13 00:00:00",
    )
    assert "of them losses" in out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--interval", "soon"], "Received interval 'soon'; expected minutes such as 15min."),
        (["--interval", "7min"], "Received an interval of 7 min; expected one of"),
        (["--start", "monday"], "Received start 'monday'; expected a date such as"),
        (["--days", "2"], "Received days 2; expected 10 to 400."),
    ],
)
def test_bad_arguments_are_named(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("simulate_second", tmp_path / "set", *arguments)
    assert not (tmp_path / "set").exists()
