"""Find out how a text export is written: compression, encoding, delimiter, decimal sign, header line."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from ingestion.problems import Unreadable, printable

# chosen: hundreds of lines of the widest export.
SAMPLE_BYTES = 256 * 1024
# chosen: a preamble is shorter, and a delimiter shows in fewer.
_LOOK_LINES = 60
_GZIP = b"\x1f\x8b"
_KNOWN_BINARIES = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"%PDF": "a PDF document; export the readings as CSV",
    b"PAR1": "a Parquet file; export the readings as CSV",
    b"SQLite format 3": "a SQLite database; export the readings as CSV",
}
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE_BYTE = ["cp1252", "latin_1", "cp1250", "cp1251", "cp1253", "cp1254"]
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+")
_DECIMAL_POINT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)\.\d+")
_SEP_LINE = re.compile(r'"?sep=([;,\t|])"?\s*', re.IGNORECASE)
_NUMBER_OR_TIME = re.compile(r"[+-]?[\d.,:/\- TZ+]*\d[\d.,:/\- TZ+%]*(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How a file is written. ``header_line`` counts from 0 and is −1 when the file has no header."""

    encoding: str
    compressed: bool
    delimiter: str
    decimal: str
    header_line: int
    columns: tuple[str, ...]
    first_data_line: int
    sample: tuple[tuple[str, ...], ...]

    @property
    def wide(self) -> bool:
        """True if characters take two or four bytes, so that the file must be transcoded to be cut."""
        return self.encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")


def sniff(path: Path) -> FileFormat:
    """Look at the first 256 KiB of the file; raises Unreadable with the reason if it is no table."""
    compressed, head = _head(path)
    if not head:
        raise Unreadable("The file is empty; expected a header line and at least one row of readings.")
    for magic, what in _KNOWN_BINARIES.items():
        if head.startswith(magic):
            raise Unreadable(f"This is not a text file but {what}.")
    encoding = text_encoding(head)
    text = head.decode(encoding, errors="replace")
    if "\x00" in text[:4096]:
        raise Unreadable("The file holds binary data (zero bytes); expected a text table (CSV, UTF-8 or UTF-16).")
    lines = re.split(r"\r\n|\n|\r", text)
    if len(lines) > 1 and len(head) >= SAMPLE_BYTES:
        lines.pop()  # the sample ends inside this line
    return _shape(lines, encoding, compressed)


def _head(path: Path) -> tuple[bool, bytes]:
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if not start.startswith(_GZIP):
        return False, start
    try:
        with gzip.open(path) as unpacked:
            return True, unpacked.read(SAMPLE_BYTES)
    except (OSError, EOFError, ValueError) as error:
        raise Unreadable(
            f"The compressed data is damaged ({error}); expected a complete gzip file. Compress and send it again."
        ) from error
    except Exception as error:  # zlib.error has no public base class of its own
        if type(error).__name__ != "error":
            raise
        raise Unreadable(
            f"The compressed data is damaged ({error}); expected a complete gzip file. Compress and send it again."
        ) from error


def text_encoding(head: bytes) -> str:
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = max(1, len(head[:4096]) // 2)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(head[:32768], cp_isolation=_SINGLE_BYTE).best()
        return best.encoding if best is not None else "latin_1"
    return "utf-8"


def _shape(lines: list[str], encoding: str, compressed: bool) -> FileFormat:
    """Choose the delimiter, then the header: the first line that has the usual number of fields."""
    lines = [line.lstrip("\ufeff") for line in lines]
    delimiter = _delimiter(lines)
    rows = [[] if _SEP_LINE.fullmatch(line) else _split(line, delimiter) for line in lines]
    counts = Counter(len(row) for row in rows[:400] if any(row))
    if not counts:
        raise Unreadable("The file has only blank lines; expected a header line and rows of readings.")
    usual = max(counts, key=lambda width: (counts[width] * (width > 1), width))
    header = next(index for index, row in enumerate(rows) if len(row) == usual)
    first = rows[header]
    headless = _is_data(first)
    first_data = header if headless else header + 1
    data = rows[first_data : first_data + 2000]
    if len(first) > 1 and not (headless or first[-1]) and not any(row[usual - 1 :] not in ([], [""]) for row in data):
        first, usual = first[:-1], usual - 1  # a delimiter ends each line
    columns = tuple(f"Column {n + 1}" for n in range(usual)) if headless else _unique(first)
    sample = tuple(tuple(row[:usual]) for row in data if usual <= len(row) <= usual + 1)
    return FileFormat(
        encoding=encoding,
        compressed=compressed,
        delimiter=delimiter,
        decimal=_decimal(sample),
        header_line=-1 if headless else header,
        columns=columns,
        first_data_line=first_data,
        sample=sample,
    )


def _delimiter(lines: list[str]) -> str:
    declared = _SEP_LINE.fullmatch(lines[0]) if lines else None
    if declared:
        return declared[1]
    looked = [line for line in lines[:_LOOK_LINES] if line.strip()]

    def steadiness(delimiter: str) -> tuple[int, int]:
        counts = Counter(len(_split(line, delimiter)) for line in looked)
        counts.pop(1, None)
        if not counts:
            return (0, 0)
        width = max(counts, key=lambda w: (counts[w], w))
        return (counts[width], width)

    # Semicolon before comma: in a file with decimal commas both are steady.
    return max((";", "\t", ",", "|"), key=steadiness)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        row = line.split(delimiter)
    return [cell.strip() for cell in row]


def _is_data(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(bool(_NUMBER_OR_TIME.fullmatch(c)) for c in filled) > len(filled) / 2


def _decimal(sample: tuple[tuple[str, ...], ...]) -> str:
    cells = [cell for row in sample[:500] for cell in row]
    commas = sum(bool(_DECIMAL_COMMA.fullmatch(cell)) for cell in cells)
    points = sum(bool(_DECIMAL_POINT.fullmatch(cell)) for cell in cells)
    return "," if commas > points else "."


def _unique(header: list[str]) -> tuple[str, ...]:
    """Column names that are not blank and differ: blank → "Column 3", the second P → "P (2)"."""
    names: list[str] = []
    for position, cell in enumerate(header, start=1):
        name = printable(" ".join(cell.split())) or f"Column {position}"
        base, repeat = name, 1
        while name in names:
            repeat += 1
            name = f"{base} ({repeat})"
        names.append(name)
    return tuple(names)
