"""CellGrid → columns with headers: preamble, one or two header lines, a line of units, second headers, footers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion.exports.containers import HEADER_WITHIN_LINES, CellGrid
from ingestion.exports.figures import cleaned, parts_of
from ingestion.exports.meanings import meaning_of
from ingestion.exports.unit_table import written_unit
from ingestion.exports.zones import is_zone
from ingestion.problems import Unreadable, printable

_NO_UNIT = ("", "-", "–", "—")
# dd/mm/yyyy, hh:mm, dd/mm/aaaa, TT.MM.JJJJ below the header of a time
_PATTERN = re.compile(r"(?i)^[\[(]?[dmyjathsnu]{1,4}([-/.: ]+[dmyjathsnu]{1,4})+[\])]?$")


@dataclass(slots=True)
class Columns:
    """A table with names: ``rows`` have one cell per header; ``rejected`` are lines that do not fit it."""

    headers: list[str]
    units: list[str]
    rows: list[list[str]]
    lines: list[int]
    header_line: int
    preamble: list[list[str]] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    footers: list[tuple[int, str]] = field(default_factory=list)
    headerless: bool = False
    other_columns: bool = False
    reordered: bool = False
    first_line: int = 0
    name: str = ""

    def column(self, position: int) -> list[str]:
        """The cells of one column."""
        return [row[position] for row in self.rows]


def looks_like_value(cell: str) -> bool:
    """True for a number, a date or a time of day."""
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
    return (values >= 1 and 2 * values >= len(filled)) or (dates >= 1 and values > dates)


def columns_of(grid: CellGrid, *, header_line: int = 0) -> Columns:
    """The table in a grid; ``header_line`` is its 1-based line where a person said so."""
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
    if first < len(rows) and _is_unit_row(rows[first]):
        units, first = _padded(rows[first], width), first + 1
    names = _joined_headers(rows, at, width, units) if at >= 0 else headers
    table = Columns(_unique(names), units, [], [], grid.lines[at] if at >= 0 else 0, rows[: max(at, 0)], name=grid.name)
    table.headerless = at < 0
    table.first_line = grid.lines[first] if first < len(grid.lines) else 0
    table.rejected = [(line, text[:120], "text without zero bytes") for line, text in grid.damaged]
    _take_rows(table, rows[first:], grid.lines[first:], names)
    return table


def _trimmed(row: Sequence[str]) -> list[str]:
    cells = [" ".join(cell.split()) for cell in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _usual_width(rows: Sequence[list[str]]) -> int:
    counts = Counter(len(row) for row in rows[:2000] if row)
    return max(counts, key=lambda w: (counts[w] * (w > 1), w), default=1)


def _score(row: Sequence[str]) -> int:
    """How many cells of a line are names of something."""
    found = [meaning_of(cell) for cell in row if cell and not looks_like_value(cell)]
    return sum(bool(m.kind or (m.role and m.role != "ignored")) for m in found)


def _header_at(rows: Sequence[list[str]], width: int) -> int:
    """The line before the data with the most names that mean something; −1 if there is none."""
    like = [is_data(row) and abs(len(row) - width) <= max(2, width // 2) and len(row) > 1 for row in rows[:400]]
    # Three lines in a row: a single one may be a line of the preamble with a date in it.
    data = next((n for n in range(len(like)) if all(like[n : n + 3])), 0)
    early = [n for n in range(min(data, HEADER_WITHIN_LINES)) if rows[n] and not is_data(rows[n])]
    days = next((n for n, row in enumerate(rows[:HEADER_WITHIN_LINES]) if _clock_columns(row) >= 12), -1)
    if days >= 0:
        return days
    if not early:
        return -1 if is_data(rows[0]) or not rows[0] else 0
    names = {n: _score(rows[n]) for n in early if not _is_unit_row(rows[n])}
    best = max(names, key=lambda n: (names[n] + min(len(rows[n]), width) / width, n), default=early[-1])
    return best if names.get(best) else early[-1]


def _clock_columns(row: Sequence[str]) -> int:
    """How many cells are times of day, or numbers of intervals, as in a table with a line per day."""
    clocks = sum(bool(re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?(\s*-\s*\d{1,2}:\d{2}(:\d{2})?)?", c)) for c in row)
    numbers = [
        int(m[1])
        for c in row
        if (m := re.fullmatch(r"(?i)(?:h|hh|b|blk|block|p|sp|int|interval|t|q|period|hour|v)?[\s_]?(\d{1,3})", c))
    ]
    in_order = numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else False
    return max(clocks, len(numbers) if in_order and len(numbers) in (24, 25, 48, 50, 96, 100, 144, 288) else 0)


def _is_unit_row(row: Sequence[str]) -> bool:
    filled = [
        cell
        for cell in row
        if cell.strip("[]() ") not in ("", "-", "–", "—") and not is_zone(cell) and not _PATTERN.match(cell)
    ]
    units = sum(written_unit(cell) is not None for cell in filled)
    named = any(meaning_of(cell).role not in ("", "ignored") for cell in filled if written_unit(cell) is None)
    return bool(filled) and units >= 1 and 2 * units >= len(filled) and not is_data(row) and not named


def _padded(row: Sequence[str], width: int) -> list[str]:
    return [*row[:width], *[""] * (width - len(row))]


def _joined_headers(rows: Sequence[list[str]], at: int, width: int, units: Sequence[str]) -> list[str]:
    """The header; with the line above it where that names groups, each for the columns up to the next."""
    names = _padded(rows[at], width)
    above = _padded(rows[at - 1], width) if at > 0 else []
    below = _padded(rows[at + 1], width) if at + 1 < len(rows) else []
    if above and _is_group_row(above, names):
        group, joined = "", []
        for over, name in zip(above, names, strict=True):
            group = over or group
            joined.append(f"{group} {name}".strip() if not meaning_of(name).role else name)
        return joined
    if below and not is_data(below) and not any(units) and _is_detail_row(below):
        group, joined = "", []
        for over, name in zip(names, below, strict=True):
            group = over or group
            joined.append(f"{group} {name}".strip() if name else over)
        return joined
    return _groups_over_units(names, units)


def _groups_over_units(names: list[str], units: Sequence[str]) -> list[str]:
    """A name that stands once over several units is that of a group: "Feeder 1", "" over kW, kvar."""
    gaps = [n for n, (name, unit) in enumerate(zip(names, units, strict=True)) if unit and not name and n]
    if not gaps:
        return names
    filled = list(names)
    for n in gaps:
        filled[n] = filled[n - 1]
    grouped = {filled[n] for n in gaps}
    return [f"{name} {unit}" if name in grouped and unit else name for name, unit in zip(filled, units, strict=True)]


def _is_group_row(above: Sequence[str], names: Sequence[str]) -> bool:
    filled = [cell for cell in above if cell]
    repeats = len(set(names)) < len([n for n in names if n])
    meant = sum(bool(meaning_of(cell).kind) for cell in filled)
    return (
        bool(filled)
        and not is_data(above)
        and (repeats or (2 * meant > len(filled) and meant >= 2))
        and len(filled) < len(above)
    )


def _is_detail_row(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell]
    details = [meaning_of(cell) for cell in filled]
    fits = sum(
        m.has("min", "max", "avg", "total") or bool(re.fullmatch(r"(?i)l?[123](-?l?[123])?|[abc]", m.header))
        for m in details
    )
    return len(filled) >= 2 and 2 * fits > len(filled)


def _take_rows(table: Columns, rows: Sequence[list[str]], lines: Sequence[int], names: Sequence[str]) -> None:
    """Sort the lines below the header into data, repeated or other headers, footers, and what does not fit."""
    width = len(table.headers)
    order = list(range(width))
    last_data = max((n for n, row in enumerate(rows) if is_data(row) and len(row) > 1), default=-1)
    for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
        if not row:
            continue
        if not is_data(row):
            known = _second_header(row, names)
            if known is not None:
                table.reordered |= known != list(range(width))
                order = known
            elif _score(row) >= 2 and _score(row) * 2 > len(row) and not _is_unit_row(row):
                table.other_columns = True
                table.rejected.append((line, " | ".join(row)[:120], "the columns of the first header"))
            elif number > last_data or _is_unit_row(row):
                table.footers.append((line, " | ".join(row)[:120]))
            elif number < 3 and _is_detail_row(_padded(row, width)):
                continue
            else:
                _keep(table, row, line, order)
        elif len(row) > width:
            table.rejected.append((line, printable(" | ".join(row)), f"{width} fields, as in the header"))
        else:
            _keep(table, row, line, order)


def _keep(table: Columns, row: Sequence[str], line: int, order: Sequence[int]) -> None:
    width = len(table.headers)
    cells = [""] * width
    for position, cell in enumerate(row[:width]):
        if order[position] >= 0:
            cells[order[position]] = cell
    table.rows.append(cells)
    table.lines.append(line)


def _second_header(row: Sequence[str], names: Sequence[str]) -> list[int] | None:
    """Where each column of a later header stands in the first one; None if it is no such header."""
    plain = [name.casefold() for name in names]
    found = [plain.index(cell.casefold()) if cell.casefold() in plain else -1 for cell in row]
    if sum(position >= 0 for position in found) * 2 <= len(row) or any(
        p < 0 and c for p, c in zip(found, row, strict=True)
    ):
        return None
    if len({p for p in found if p >= 0}) < len([p for p in found if p >= 0]):
        return None
    return [*found, *[-1] * (len(names) - len(found))]


def _unique(names: Sequence[str]) -> list[str]:
    out: list[str] = []
    for position, cell in enumerate(names, start=1):
        base = printable(" ".join(cell.split())) or f"Column {position}"
        name, repeat = base, 1
        while name in out:
            repeat += 1
            name = f"{base} ({repeat})"
        out.append(name)
    return out
