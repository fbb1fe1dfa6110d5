"""A stored file → what it would load, and the way there: in blocks as it stands, or as canonical rows beside it.

Every file is read by ``exports``. A plain table is then gone through in blocks where its columns, one by one, give the
same values; whatever is composed, pivoted, unrolled or unpacked becomes canonical rows, which are loaded alike.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ingestion.exports.answers import AnswerError, ExportAnswers
from ingestion.exports.interpretation import interpret
from ingestion.exports.outcome import Interpretation
from ingestion.exports.stations import Known
from ingestion.file_formats import FileFormat
from ingestion.file_samples import head_and_slices, whole
from ingestion.in_blocks import plan_in_blocks
from ingestion.load_plan import LoadPlan, Lost
from ingestion.options import ImportOptions
from ingestion.problems import Unreadable
from substations.channels import CHANNEL_NAMES

# Questions that more lines of the same file cannot settle.
_SETTLED_BY_PERSONS = {"substation", "time_zone", "time", "interval"}
_AHEAD = datetime(2200, 1, 1, tzinfo=UTC)  # later than any reading of a simulated clock


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file was read as; ``in_blocks`` is how to go through it as it stands, None where that is not possible."""

    found: Interpretation
    in_blocks: LoadPlan | None


def rows_file(path: Path) -> Path:
    """Where the canonical rows of a stored file are kept."""
    return path.with_name(path.name + ".rows.csv")


def read(path: Path, name: str, options: ImportOptions, known: Known) -> FileReading:
    """Read a file under the answers given so far; a large plain table by its head and slices of the rest.

    Raises Unreadable for what holds no readings, and for a file too large to be read as a whole where that is needed.
    """
    answers = _answers(options)
    now = _AHEAD if options.allow_future else datetime.now(UTC)
    sample = head_and_slices(path)
    found = _interpreted(sample.data, name, answers, now, known)
    direct = plan_in_blocks(found, path, options, known, sample)
    if sample.is_whole:
        return FileReading(found, direct)
    if direct is not None and not {q.about for q in found.questions} - _SETTLED_BY_PERSONS:
        return FileReading(_without_places(found, sample.head_lines), direct)
    try:
        data = whole(path)
    except Unreadable:
        if direct is None:
            raise
        return FileReading(_without_places(found, sample.head_lines), direct)  # what its beginning leaves open is asked
    found = _interpreted(data, name, answers, now, known)
    return FileReading(found, plan_in_blocks(found, path, options, known, sample))


def _answers(options: ImportOptions) -> ExportAnswers:
    try:
        return options.answers
    except AnswerError as error:
        raise Unreadable(str(error)) from error


def _interpreted(data: bytes, name: str, answers: ExportAnswers, now: datetime, known: Known) -> Interpretation:
    try:
        return interpret(data, name, answers, now=now, known=known)
    except AnswerError as error:
        raise Unreadable(str(error)) from error


def _without_places(found: Interpretation, lines: int) -> Interpretation:
    """Without the problems below the head: slices do not know their line."""
    found.problems = [problem for problem in found.problems if problem[0] <= lines]
    return found


def settle(reading: FileReading, path: Path, options: ImportOptions) -> LoadPlan:
    """How the file is loaded; writes its canonical rows where it is not gone through as it stands."""
    if reading.in_blocks is not None:
        rows_file(path).unlink(missing_ok=True)
        return reading.in_blocks
    found = reading.found
    used = [n for n in range(len(CHANNEL_NAMES)) if found.measured[:, n].any()]
    columns = ("substation", "timestamp", *(CHANNEL_NAMES[n] for n in used))
    _write_rows(found, rows_file(path), columns, used)
    empty = found.rows_read - found.rows_rejected - len(found.at)
    return LoadPlan(
        converted=True,
        form=FileFormat("utf-8", compressed=False, delimiter=",", decimal=".", columns=columns, first_data_line=1),
        choices={name: {"target": name} for name in columns},
        time_zone="UTC",
        allow_future=options.allow_future,
        lost=Lost(found.rows_rejected, max(0, empty), list(found.problems)),
    )


def _write_rows(found: Interpretation, path: Path, columns: tuple[str, ...], used: list[int]) -> None:
    partial = path.with_name(path.name + ".part")
    times = np.datetime_as_string(found.at, unit="us")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for station, at, values, known in zip(found.stations, times, found.values, found.measured, strict=True):
            writer.writerow([station, f"{at}Z", *(f"{values[n]:.12g}" if known[n] else "" for n in used)])
    partial.replace(path)
