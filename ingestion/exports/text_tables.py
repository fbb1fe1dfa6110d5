"""Text, XML and HTML → grids of cells; fault records are recognised and refused."""

from __future__ import annotations

import re

from ingestion.exports.delimiters import delimiter_of, split_line
from ingestion.exports.encodings import text_encoding
from ingestion.exports.green_button import green_button
from ingestion.exports.grids import HEADER_WITHIN_LINES, CellGrid, NoReadings, Opened
from ingestion.exports.metering_files import html_table, nem12
from ingestion.problems import Unreadable

QUOTED_LINES = 4  # chosen: headers are broken in two or three lines; a stray quote must not join rows


def text_file(data: bytes, name: str) -> Opened:
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
