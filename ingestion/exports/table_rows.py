"""The lines below a header: data, a second header, footers, and what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion.exports.header_names import padded
from ingestion.exports.row_kinds import is_data, is_detail_row, is_unit_row, name_count
from ingestion.problems import printable


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


def take_rows(table: Columns, rows: Sequence[list[str]], lines: Sequence[int], names: Sequence[str]) -> None:
    """Sort the lines below the header into data, repeated or other headers, footers, and what does not fit."""
    width = len(table.headers)
    order = list(range(width))
    last_data = next((n for n in range(len(rows) - 1, -1, -1) if len(rows[n]) > 1 and is_data(rows[n])), -1)
    for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
        if not row:
            continue
        if not is_data(row):
            known = _second_header(row, names)
            if known is not None:
                table.reordered |= known != list(range(width))
                order = known
            elif name_count(row) >= 2 and name_count(row) * 2 > len(row) and not is_unit_row(row):
                table.other_columns = True
                table.rejected.append((line, " | ".join(row)[:120], "the columns of the first header"))
            elif number > last_data or is_unit_row(row):
                table.footers.append((line, " | ".join(row)[:120]))
            elif number < 3 and is_detail_row(padded(row, width)):
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
