"""What a line of a table is: values, names, units, times of day."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.exports.figures import cleaned, is_plain_number, parts_of
from ingestion.exports.meanings import meaning_of
from ingestion.exports.moments import read_date
from ingestion.exports.unit_table import written_unit
from ingestion.exports.zones import is_zone

# dd/mm/yyyy, hh:mm, dd/mm/aaaa, TT.MM.JJJJ below the header of a time
_PATTERN = re.compile(r"(?i)^[\[(]?[dmyjathsnu]{1,4}([-/.: ]+[dmyjathsnu]{1,4})+[\])]?$")

_MOMENT_CHARS = 48  # chosen: more than "Wednesday, 30 September 2026 23:45:00 +05:30"


def looks_like_value(cell: str) -> bool:
    """True for a number, a date or a time of day."""
    if is_plain_number(cell):
        return True
    text = cleaned(cell)
    if re.fullmatch(
        r"\d{1,4}[-/.]\w{1,9}[-/.]\d{1,4}.*|\d{1,2}:\d{2}.*|\d{4}年.*|\d{1,2} [A-Za-z]{3,9} \d{2,4}.*", text
    ):
        return True
    found = parts_of(text)
    return found is not None and (not found.tail or found.unit is not None or len(found.tail) <= 4)


def is_data(row: Sequence[str]) -> bool:
    """True if most of the filled cells hold values, or one of two does."""
    filled = [cell for cell in row if cell]
    values = sum(looks_like_value(cell) for cell in filled)
    dates = sum(bool(re.match(r"\d{1,4}[-/.]\w{1,3}[-/.]\d{1,4}", cell)) for cell in filled)
    mostly_values = (values >= 1 and 2 * values >= len(filled)) or (dates >= 1 and values > dates)
    return mostly_values or (len(filled) > 2 and any(_is_moment(cell) for cell in filled))


def _is_moment(cell: str) -> bool:
    """True for a date with a time of day, or an epoch: a line of a historian whose value is a word is no header."""
    if re.fullmatch(r"1\d{9}|1\d{12}|1\d{15}", cell):
        return True
    found = read_date(cell) if len(cell) <= _MOMENT_CHARS else None
    return found is not None and found.clock_s is not None


def name_count(row: Sequence[str]) -> int:
    """How many cells of a line are names of something."""
    found = [meaning_of(cell) for cell in row if cell and not looks_like_value(cell)]
    return sum(bool(m.kind or (m.role and m.role != "ignored")) for m in found)


def clock_columns(row: Sequence[str]) -> int:
    """How many cells are times of day, or numbers of intervals, as in a table with a line per day."""
    clocks = sum(bool(re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?(\s*-\s*\d{1,2}:\d{2}(:\d{2})?)?", c)) for c in row)
    numbers = [
        int(m[1])
        for c in row
        if (m := re.fullmatch(r"(?i)(?:h|hh|b|blk|block|p|sp|int|interval|t|q|period|hour|v)?[\s_]?(\d{1,3})", c))
    ]
    in_order = numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else False
    return max(clocks, len(numbers) if in_order and len(numbers) in (24, 25, 48, 50, 96, 100, 144, 288) else 0)


def is_unit_row(row: Sequence[str]) -> bool:
    filled = [
        cell
        for cell in row
        if cell.strip("[]() ") not in ("", "-", "–", "—") and not is_zone(cell) and not _PATTERN.match(cell)
    ]
    units = sum(written_unit(cell) is not None for cell in filled)
    named = any(meaning_of(cell).role not in ("", "ignored") for cell in filled if written_unit(cell) is None)
    parts = units == len(filled) > 1 and any("." in c or "," in c for c in filled)  # "0.1 kW" below P
    return bool(filled) and units >= 1 and 2 * units >= len(filled) and (parts or not is_data(row)) and not named


def is_detail_row(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell]
    details = [meaning_of(cell) for cell in filled]
    fits = sum(
        m.has("min", "max", "avg", "total") or bool(re.fullmatch(r"(?i)l?[123](-?l?[123])?|[abc]", m.header))
        for m in details
    )
    return len(filled) >= 2 and 2 * fits > len(filled)
