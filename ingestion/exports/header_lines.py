"""CellGrid → columns with headers: preamble, one or two header lines, a line of units, second headers, footers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ingestion.exports.grids import HEADER_WITHIN_LINES, CellGrid, refuse_too_wide
from ingestion.exports.header_names import joined_headers, padded, unique
from ingestion.exports.row_kinds import clock_columns, is_data, is_unit_row, looks_like_value, name_count
from ingestion.exports.table_rows import Columns, take_rows
from ingestion.problems import Unreadable

_NO_UNIT = ("", "-", "–", "—")


def columns_of(grid: CellGrid, *, header_line: int = 0) -> Columns:
    """The table in a grid; ``header_line`` is its 1-based line where a person said so."""
    for line, row in zip(grid.lines, grid.rows, strict=True):
        refuse_too_wide(len(row), line)
    rows = [_trimmed(row) for row in grid.rows]
    if not any(rows):
        raise Unreadable("The file has only blank lines; expected a header line and rows of readings.")
    width = _usual_width(rows)
    if header_line:
        at = next((n for n, line in enumerate(grid.lines) if line == header_line), -1)
        if at < 0:
            raise Unreadable(f"The header line is said to be {header_line}, but the table has no such line.")
    else:
        at = _header_at(rows, width)
    headers = rows[at] if at >= 0 else [f"Column {n + 1}" for n in range(width)]
    width = max(len(headers), 1)
    if at >= 0 and width < _usual_width(rows[at + 1 :] or [headers]):
        width = _usual_width(rows[at + 1 :])
    first = at + 1
    units = [""] * width
    if first < len(rows) and is_unit_row(rows[first]):
        units, first = padded(rows[first], width), first + 1
    names = joined_headers(rows, at, width, units) if at >= 0 else headers
    table = Columns(unique(names), units, [], [], grid.lines[at] if at >= 0 else 0, rows[: max(at, 0)], name=grid.name)
    table.headerless = at < 0
    table.first_line = grid.lines[first] if first < len(grid.lines) else 0
    table.rejected = [(line, text[:120], "text without zero bytes") for line, text in grid.damaged]
    take_rows(table, rows[first:], grid.lines[first:], names)
    return table


def _is_setting(row: Sequence[str], width: int) -> bool:
    """True for "Serial number, 80231177" above a wider table."""
    return len(row) == 2 < width and not looks_like_value(row[0])


def _trimmed(row: Sequence[str]) -> list[str]:
    cells = [" ".join(cell.split()) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _usual_width(rows: Sequence[list[str]]) -> int:
    counts = Counter(len(row) for row in rows[:2000] if row)
    return max(counts, key=lambda w: (counts[w] * (w > 1), w), default=1)


def _header_at(rows: Sequence[list[str]], width: int) -> int:
    """The line before the data with the most names that mean something; −1 if there is none."""
    like = [
        is_data(row) and abs(len(row) - width) <= max(2, width // 2) and len(row) > 1 and not _is_setting(row, width)
        for row in rows[:400]
    ]
    # Three lines in a row: a single one may be a line of the preamble with a date in it.
    data = next((n for n in range(len(like)) if all(like[n : n + 3])), 0)
    early = [n for n in range(min(data, HEADER_WITHIN_LINES)) if rows[n] and not is_data(rows[n])]
    days = next((n for n, row in enumerate(rows[:HEADER_WITHIN_LINES]) if clock_columns(row) >= 12), -1)
    if days >= 0:
        return days
    if not early:
        return -1 if is_data(rows[0]) or not rows[0] else 0
    names = {n: name_count(rows[n]) for n in early if not is_unit_row(rows[n])}
    best = max(names, key=lambda n: (names[n] + min(len(rows[n]), width) / width, n), default=early[-1])
    return best if names.get(best) else early[-1]
