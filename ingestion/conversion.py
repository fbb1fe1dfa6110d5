"""Exports in other layouts than a row per time → canonical rows beside them, which are then loaded.

Workbooks, archives, NEM12, Green Button, historian lines and days as rows are always converted. A plain table is where
its reading is certain and another than what its headers alone say: phases, energies, extremes, units told by physics.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ingestion import mapping, parsing, sniffing, timestamps, validation
from ingestion.exports.answers import AnswerError, ExportAnswers
from ingestion.exports.containers import NoReadings
from ingestion.exports.interpretation import Interpretation, interpret
from ingestion.mapping import DATE, ROLES, SURE, TIMESTAMP, ColumnChoice, MappingError
from ingestion.options import ImportOptions
from ingestion.plan import ImportPlan, KnownSubstations
from ingestion.problems import Unreadable, printable
from ingestion.sniffing import FileFormat
from substations.channels import CHANNEL_NAMES

LOOKED_AT_BYTES = 256 * 1024  # as the sniffing of a file: enough rows to know a table
MAX_CONVERTED_BYTES = 24 * 1024 * 1024  # read as a whole; a larger file has to be split or sent as a plain table
# What the page of questions asks of converted rows as well as of any others.
_ASKED_LATER = {"substation", "time_zone"}
_BEYOND_UTC = np.datetime64("2200-01-01", "us")  # later than any reading: nothing is too new for the comparison


# How headers and first values alone are read: the choices of columns, corrected.
ByHeaders = Callable[[dict[str, ColumnChoice], FileFormat], dict[str, ColumnChoice]]


def rows_file(path: Path) -> Path:
    """Where the canonical rows of a stored file are kept."""
    return path.with_name(path.name + ".rows.csv")


def rows_of(path: Path) -> Path:
    """The canonical rows of a stored file where it has some, else the file itself."""
    rows = rows_file(path)
    return rows if rows.exists() else path


def readable(path: Path, options: ImportOptions, by_headers: ByHeaders) -> Path:
    """The file that is to be loaded: the one given, or its canonical rows, made now if need be.

    Raises Unreadable for what holds no readings, and for another layout that leaves a question open.
    """
    rows = rows_file(path)
    if rows.exists():
        return rows
    if options.mapping or path.stat().st_size > MAX_CONVERTED_BYTES:
        return path
    now = datetime.now(UTC)
    answers = _answers(options)
    data = _unpacked(path)
    if not data:
        return path
    plain = _is_plain_text(data)
    try:
        found = interpret(_head(data) if plain else data, path.name, answers, now=now)
        if not _is_needed(found, path, options, by_headers):
            return path
        if plain and len(data) > LOOKED_AT_BYTES:
            found = interpret(data, path.name, answers, now=now)
    except NoReadings:
        raise
    except (Unreadable, AnswerError):
        return path
    _keep(found, rows)
    return rows


def _answers(options: ImportOptions) -> ExportAnswers:
    order = "" if options.day_first is None else "dmy" if options.day_first else "mdy"
    return ExportAnswers(
        options.substation, options.time_zone, options.start, options.interval_s, date_order=order
    )  # fmt: skip


def _unpacked(path: Path) -> bytes:
    """The bytes of a file, unpacked if they are compressed; as they are where that is damaged or too much."""
    data = path.read_bytes()
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(path) as packed:
            plain = packed.read(MAX_CONVERTED_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        return b""  # the reader says what is wrong with it
    return plain if len(plain) <= MAX_CONVERTED_BYTES else b""


def _is_plain_text(data: bytes) -> bool:
    return not data.startswith((b"PK", b"\xd0\xcf", b"\x1f\x8b", b"<", b"100,NEM", b"\xef\xbb\xbf<"))


def _head(data: bytes) -> bytes:
    if len(data) <= LOOKED_AT_BYTES:
        return data
    end = data.rfind(b"\n", 0, LOOKED_AT_BYTES)
    return data[: end + 1] if end > 0 else data


def _is_needed(found: Interpretation, path: Path, options: ImportOptions, by_headers: ByHeaders) -> bool:
    """True where the canonical rows are to be loaded instead; raises Unreadable where a question stands in the way."""
    open_questions = [q for q in found.questions if q.about not in _ASKED_LATER]
    other_layout = found.kind != "csv" or found.layout != "wide"
    if other_layout and open_questions:
        asked = " ".join(q.text for q in open_questions[:3])
        raise NoReadings(
            f"The file leaves open what only a person can say: {asked} Say it in its headers, or send a plain table."
        )
    if other_layout:
        return True
    return not open_questions and bool(len(found.at)) and not _same_by_headers(found, path, options, by_headers)


def _same_by_headers(found: Interpretation, path: Path, options: ImportOptions, by_headers: ByHeaders) -> bool:
    """True if the headers alone lead to the same measured values."""
    try:
        form = sniffing.sniff(path)
        guesses = mapping.guess(form.columns)
        if any(guess.target and guess.confidence < SURE for guess in guesses.values()):
            return True  # which columns count is asked
        choices = mapping.checked(form.columns, by_headers(mapping.choices_of(guesses), form))
    except (Unreadable, MappingError):
        return False
    targets = {choice["target"] for choice in choices.values()}
    if not targets & {TIMESTAMP, DATE}:
        return True  # rows are counted from a start that is asked
    measured = {name for n, name in enumerate(CHANNEL_NAMES) if _measured(found)[:, n].any()}
    if measured != targets - {"", *ROLES}:
        return False
    names = {printable(s).casefold(): 1 for s in (*found.stations, options.substation)}
    zone = options.time_zone or "UTC"
    header = next(h for h, choice in choices.items() if choice["target"] in (TIMESTAMP, DATE))
    texts = np.array([row[form.columns.index(header)] for row in form.sample], dtype=object)
    plan = ImportPlan(choices, options.substation, zone, timestamps.looks_day_first(texts), form.decimal)
    block = next(parsing.blocks(path, form, size=LOOKED_AT_BYTES))
    checked = validation.check(
        parsing.read_table(block, form, plan.numbers, plan.texts),
        plan,
        KnownSubstations(names, {1: zone}),
        now=_BEYOND_UTC,
    )
    return _agree(found, checked)


def _agree(found: Interpretation, checked: validation.Checked) -> bool:
    rows = checked.rows
    if not len(rows):
        return False
    by_line = {line: n for n, line in enumerate(rows.lines.tolist())}
    both = [(n, by_line[line]) for n, line in enumerate(found.lines) if line in by_line]
    mine, other = np.array(both, dtype=np.int64).reshape(-1, 2).T
    # The first block may end before the last line that was looked at.
    within = sum(line <= rows.lines.max() for line in found.lines)
    if not len(mine) or len(mine) < 0.9 * max(within, len(rows)) or (found.at[mine] != rows.at[other]).any():
        return False
    return bool(np.isclose(found.values[mine], rows.values[other], rtol=0.002, atol=0.02, equal_nan=True).all())


def _measured(found: Interpretation) -> np.ndarray:
    """Which values [row, channel] were measured, or composed of what was, rather than derived."""
    bits = (found.derived[:, None] >> np.arange(len(CHANNEL_NAMES))) & 1
    measured: np.ndarray = np.isfinite(found.values) & (bits == 0)
    return measured


def _keep(found: Interpretation, path: Path) -> None:
    """Canonical rows: times in UTC where the zone is known, local without an offset where it is still to be said."""
    measured = _measured(found)
    used = [n for n in range(len(CHANNEL_NAMES)) if measured[:, n].any()]
    mark = "" if any(q.about == "time_zone" for q in found.questions) else "Z"
    named = any(found.stations)
    partial = path.with_name(path.name + ".part")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*(["substation"] if named else []), "timestamp", *(CHANNEL_NAMES[n] for n in used)])
        for station, at, values, known in zip(found.stations, found.at, found.values, measured, strict=True):
            cells = [f"{values[n]:.10g}" if known[n] else "" for n in used]
            writer.writerow([*([station] if named else []), f"{at.astype('datetime64[s]')}{mark}", *cells])
    partial.replace(path)
