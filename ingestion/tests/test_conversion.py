"""Exports of other layouts through the real load: what ``inspect`` says is what is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ingestion import conversion, loading, receiving, services
from ingestion.exports.answers import ExportAnswers
from ingestion.exports.interpretation import interpret
from ingestion.models import Upload
from ingestion.options import ImportOptions
from ingestion.tests.exported import P, Q, line_current, table, times, workbook
from ingestion.tests.samples import received
from ingestion.upload_leases import LoadOutcome
from substations.channels import CHANNEL_NAMES
from substations.models import Reading

pytestmark = pytest.mark.django_db
OPTIONS = ImportOptions(substation="S1", time_zone="UTC", unknown="create")


def _day(unit: str) -> bytes:
    header = "Date,Unit," + ",".join(f"{h:02}:{m:02}" for h in range(24) for m in (0, 30))
    return table(header, [("2025-03-14", unit, *range(20, 68))])


FILES = {
    "historian": table(
        "TagName,Timestamp,Value,Quality",
        [(tag, t, v, "Good") for t in times() for tag, v in (("kW", 80), ("kvar", 60))],
    ),
    "days": _day("kWh"),
    "energies": table("Time,kWh,kvarh", [(t, p / 4, 15) for t, p in zip(times(), P, strict=True)]),
    "phases": table("Time,kW L1,kW L2,kW L3", [(t, p / 3, p / 3, p / 3) for t, p in zip(times(), P, strict=True)]),
    "watts": table(
        "Time,Active Power,Reactive Power,Voltage L-N Avg,Current Avg",
        [(t, p * 1000, Q * 1000, 230.94, round(line_current(p, Q, 400), 3)) for t, p in zip(times(), P, strict=True)],
    ),
    "demand": table("Time,kW,kvar,MD kVA", [(t, p, Q, 900) for t, p in zip(times(), P, strict=True)]),
    "plain": table("Time,kW,kvar", [(t, p, Q) for t, p in zip(times(), P, strict=True)]),
    "workbook": workbook([["Time", "kW", "kvar"], *([t, p, Q] for t, p in zip(times(), P, strict=True))]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_what_inspect_says_is_what_is_stored(name: str) -> None:
    answers = ExportAnswers(substation="S1", time_zone="UTC")
    found = interpret(FILES[name], "export.csv", answers, now=datetime.now(UTC))
    assert found.questions == []
    upload = received(FILES[name], OPTIONS).upload
    assert loading.load(upload.pk) is LoadOutcome.LOADED
    stored = list(Reading.objects.order_by("at").values_list("at", *CHANNEL_NAMES))
    assert [np.datetime64(at.replace(tzinfo=None), "us") for at, *_ in stored] == list(found.at)
    values = np.array([[np.nan if v is None else v for v in row] for _, *row in stored], dtype=np.float64)
    assert np.isclose(values, found.values, rtol=1e-4, atol=1e-3, equal_nan=True).all()


def test_a_plain_table_is_loaded_as_it_is() -> None:
    upload = received(FILES["plain"], OPTIONS).upload
    assert not conversion.rows_file(Path(upload.file.path)).exists()


def test_a_converted_file_that_is_dropped_leaves_nothing_behind(media: Path) -> None:
    upload = received(FILES["days"], OPTIONS).upload
    rows = conversion.rows_file(Path(upload.file.path))
    assert (upload.state, rows.exists()) == (Upload.State.QUEUED, True)
    receiving.drop_file(upload)
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_another_layout_that_leaves_a_question_open_is_asked_and_loaded() -> None:
    upload = received(_day(""), OPTIONS).upload
    assert (upload.state, {question["about"] for question in upload.questions}) == (Upload.State.WAITING, {"mapping"})
    header = upload.plan["columns"][0]["header"]
    profile = {"columns": {header: {"quantity": "active_power_kw", "unit": "kW"}}}
    services.answer(upload, OPTIONS.answered(profile))
    assert loading.load(upload.pk) is LoadOutcome.LOADED
    assert list(Reading.objects.order_by("at").values_list("active_power_kw", flat=True)) == list(range(20, 68))


def test_rejected_rows_of_a_converted_file_are_told_by_their_lines_in_it() -> None:
    lines = FILES["energies"].decode().splitlines()
    lines.insert(4, "99/99/2026,1,1")
    upload = received("\n".join(lines), OPTIONS).upload
    assert loading.load(upload.pk) is LoadOutcome.LOADED
    upload.refresh_from_db()
    assert (upload.rows_read, upload.rows_bad, upload.rows_new) == (9, 1, 8)
    problem = upload.problems.get()
    assert (problem.line, problem.received) == (5, "99/99/2026")


def test_a_record_of_waveforms_is_refused_with_what_to_export() -> None:
    upload = received(b"1,1000,98,2\n2,2000,98,3\n3,3000,98,4\n4,4000,98,1\n", OPTIONS).upload
    assert "COMTRADE" in upload.reason


def test_a_converted_file_can_be_loaded_again() -> None:
    upload = received(FILES["energies"], OPTIONS).upload
    loading.load(upload.pk)
    again = services.load_again(Upload.objects.get(pk=upload.pk), by=None)
    assert again.state == Upload.State.WAITING
    services.answer(again, again.parsed_options)
    assert loading.load(again.pk) is LoadOutcome.LOADED
