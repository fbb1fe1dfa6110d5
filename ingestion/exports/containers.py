"""Bytes → grids of cells, whatever the name of the file says: text tables, workbooks, archives, Green Button, NEM12."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, time

from python_calamine import CalamineWorkbook

from ingestion.exports.delimiters import delimiter_of, split_line
from ingestion.exports.encodings import text_encoding
from ingestion.exports.metering_files import green_button, html_table, nem12
from ingestion.problems import Unreadable

UNPACKED_BYTES = 400 * 1024 * 1024  # what fits into memory several times; a larger archive has to be split
HEADER_WITHIN_LINES = 120  # chosen: longer than any preamble that was seen
QUOTED_LINES = 4  # chosen: headers are broken in two or three lines; a stray quote must not join rows
_PQDIF = b"\x99\x00\x50\x51\x44\x49\x46\x00"  # the end of the GUID that every record of a PQDIF file begins with
_REFUSED = {
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a SQLite database",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
}


class NoReadings(Unreadable):
    """The file was recognised, and no answer of a person could turn it into readings."""


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Cells of one table as text; ``lines`` are the 1-based lines (rows of a sheet) that they came from."""

    rows: list[list[str]]
    lines: list[int]
    name: str = ""
    damaged: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file turned out to be. ``unit_said`` and ``zone_said`` are what the format itself fixes."""

    kind: str
    grids: list[CellGrid]
    encoding: str = ""
    delimiter: str = ""
    energy: str = ""
    zone_said: str = ""


def opened(data: bytes, name: str = "") -> Opened:
    """The grids of a file; raises Unreadable with what was found and how to mend it."""
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise Unreadable("The file is empty; expected a header line and at least one row of readings.")
    for magic, what in _REFUSED.items():
        if data.startswith(magic):
            raise Unreadable(f"This is {what}; expected a table. Export the readings as CSV or as a workbook (.xlsx).")
    if _PQDIF in data[:64]:
        raise NoReadings(
            "This is a PQDIF file of a power quality meter; it cannot be read. Open it in the meter's program "
            "and export the trend of power, voltage and current as CSV."
        )
    if data.startswith(b"\x1f\x8b"):
        return opened(_unpacked(data), re.sub(r"(?i)\.gz$", "", name))
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return _workbook(data)
    return _text(data, name)


def _unpacked(data: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as packed:
            plain = packed.read(UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(
            f"The compressed data is damaged ({error}); expected a complete gzip file. Compress and send it again."
        ) from error
    return _within_limit(plain)


def _within_limit(plain: bytes) -> bytes:
    if len(plain) > UNPACKED_BYTES:
        raise Unreadable(f"The file unpacks to more than {UNPACKED_BYTES:,} bytes. Split it.")
    return plain


def _archive(data: bytes) -> Opened:
    """A workbook, or a ZIP of tables that belong together."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise Unreadable(
            f"The archive is damaged ({error}); expected a complete ZIP. Pack and send it again."
        ) from error
    if any(n.startswith(("xl/", "content.xml")) or n == "mimetype" for n in names):
        return _workbook(data)
    if sum(info.file_size for info in archive.infolist()) > UNPACKED_BYTES:
        raise Unreadable(f"The archive unpacks to more than {UNPACKED_BYTES:,} bytes. Split it.")
    members = [n for n in sorted(names) if not n.endswith("/") and not re.search(r"(^|/)(\._|__MACOSX|\.)", n)]
    parts, faults = [], []
    for member in members:
        try:
            parts.append(opened(_within_limit(archive.read(member)), member))
        except Unreadable as error:
            faults.append(f"{member}: {error}")
        except (RuntimeError, zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
            raise Unreadable(
                f"{member} in the archive cannot be unpacked ({error}). Send it without a password."
            ) from error
    if not parts:
        raise Unreadable("The archive holds no table. " + (faults[0] if faults else "Pack the exported CSV files."))
    if len({part.energy for part in parts}) > 1 or len({part.zone_said for part in parts}) > 1:
        raise Unreadable("The archive holds files of several formats; send those of each format on their own.")
    grids = [grid for part in parts for grid in part.grids]
    return Opened("zip", grids, parts[0].encoding, parts[0].delimiter, parts[0].energy, parts[0].zone_said)


def _workbook(data: bytes) -> Opened:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except Exception as error:  # calamine raises classes of its own for each format
        raise Unreadable(
            f"The workbook cannot be read ({error}); expected one without a password. Save it again as .xlsx."
        ) from error
    grids = []
    for name, values in sheets:
        rows = [[_cell(value) for value in row] for row in values]
        if any(any(row) for row in rows):
            grids.append(CellGrid(rows, list(range(1, len(rows) + 1)), name))
    if not grids:
        raise Unreadable("The workbook has only empty sheets; expected a header and rows of readings.")
    return Opened("xlsx", grids)


def _cell(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds" if not value.microsecond else "microseconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value).strip()


def _text(data: bytes, name: str) -> Opened:
    encoding = text_encoding(data[: 256 * 1024])
    text = data.decode(encoding, errors="replace").lstrip("\ufeff").rstrip("\x00\x1a")
    if _is_binary(text):
        raise Unreadable("The file holds binary data; expected a text table (CSV) or a workbook (.xlsx).")
    start = text[:4096].lstrip()
    if start.startswith("<"):
        return _markup(text)
    if re.match(r'"?100"?,\s*"?NEM1[23]', start):
        rows, zone = nem12(text)
        return Opened("nem12", [CellGrid(rows, list(range(1, len(rows) + 1)))], encoding, ",", "per_interval", zone)
    lines = _rejoined(re.split(r"\r\n|\n|\r", text))
    grid, delimiter = _table_of(lines)
    _refuse_fault_record(grid, name)
    return Opened("csv", [grid], encoding, delimiter)


def _is_binary(text: str) -> bool:
    """True for control characters or zero bytes throughout; a run of zero bytes is a gap in a logger's memory."""
    text = re.sub("\x00{16,}", "", text)
    odd = sum(1 for c in text[:8192] if c < " " and c not in "\t\r\n\x00\x1f\x1a\x0c")
    return odd > len(text[:8192]) * 0.02 or text[:4096].count("\x00") > len(text[:4096]) * 0.3


def _markup(text: str) -> Opened:
    if "naesb.org/espi" in text or "IntervalReading" in text:
        rows, energy = green_button(text)
        return Opened("greenbutton", [CellGrid(rows, list(range(1, len(rows) + 1)))], "utf-8", "", energy)
    rows = html_table(text)
    if not rows:
        raise Unreadable(
            "This is an XML or HTML document without a table; expected Green Button XML or a table. Export it as CSV."
        )
    return Opened("html", [CellGrid(rows, list(range(1, len(rows) + 1)))], "utf-8", "")


def _rejoined(lines: list[str]) -> list[str]:
    """Lines with a quoted field that runs over a line's end joined; blanks take the place of what was joined."""
    for n in range(min(len(lines), HEADER_WITHIN_LINES)):
        if lines[n].count('"') % 2 == 0:
            continue
        for length in range(2, QUOTED_LINES + 1):
            text = " ".join(lines[n : n + length])
            if lines[n + length - 1 : n + length] and lines[n + length - 1].count('"') % 2 and text.count('"') % 2 == 0:
                lines[n : n + length] = [text, *[""] * (length - 1)]
                break
    return lines


def _table_of(lines: list[str]) -> tuple[CellGrid, str]:
    delimiter = delimiter_of(lines)
    rows, numbers, damaged = [], [], []
    for number, line in enumerate(lines, start=1):
        if "\x00" in line:  # a gap in a logger's memory: what is left of the line cannot be believed
            damaged.append((number, line))
        elif line.strip() and not re.fullmatch(r'"?sep=.{1,3}"?', line.strip(), re.IGNORECASE):
            rows.append(split_line(line, delimiter))
            numbers.append(number)
    return CellGrid(rows, numbers, damaged=damaged), delimiter


def _refuse_fault_record(grid: CellGrid, name: str) -> None:
    """COMTRADE: lines of "sample number, microseconds, integers" without a header, or its configuration."""
    first = grid.rows[:5]
    is_samples = (
        len(first) >= 3
        and all(len(row) >= 3 and all(re.fullmatch(r"-?\d+", c) for c in row) for row in first)
        and [row[0] for row in first[:3]] in (["1", "2", "3"], ["0", "1", "2"])
        and (name.lower().endswith((".dat", ".cff")) or float(first[1][1]) - float(first[0][1]) < 20_000)
    )
    is_setup = bool(first) and len(first) > 1 and bool(re.fullmatch(r"\d+", first[1][0])) and any(
        re.fullmatch(r"(?i)\d+A", c) for c in first[1]
    ) and any(re.fullmatch(r"(?i)\d+D", c) for c in first[1])  # fmt: skip
    if is_samples or is_setup:
        raise NoReadings(
            "This is a COMTRADE record of a fault recorder: waveforms of a second, no readings of power. "
            "Export the load profile or the trend of the meter as CSV."
        )
