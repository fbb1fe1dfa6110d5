"""The table of a file: which of its grids are read, and what its header and preamble say of all of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.exports.answers import AnswerError, ExportAnswers
from ingestion.exports.grids import CellGrid, Opened
from ingestion.exports.header_lines import columns_of
from ingestion.exports.row_kinds import is_data
from ingestion.exports.table_rows import Columns
from ingestion.exports.vocabulary import COMMA_STEMS, COMMA_WORDS, ZONE_WORDS, folded
from ingestion.exports.zones import zone_in
from ingestion.problems import Unreadable, printable

LOOKED_AT_ROWS = 500  # chosen: a sheet of notes shows itself in fewer


def table_of(file: Opened, answers: ExportAnswers) -> tuple[Columns, list[str]]:
    """The table of a file: its grids of equal headers below each other; others beside them are a doubt."""
    grids = _chosen(file.grids, answers.sheet)
    tables = [
        columns_of(grid, header_line=answers.header_line) for grid in grids if len(grids) == 1 or _holds_data(grid)
    ]
    if not tables:
        raise Unreadable("No sheet or member of the file holds rows of readings; expected a header and rows of values.")
    groups: dict[tuple[str, ...], list[Columns]] = {}
    for table in tables:
        groups.setdefault(tuple(h.casefold() for h in table.headers), []).append(table)
    best = max(groups.values(), key=lambda g: sum(len(t.rows) for t in g))
    doubts = []
    if len(groups) > 1:
        names = ", ".join(printable(t.name) for t in tables if t not in best)[:200]
        doubts.append(
            f"The file holds several tables with other columns ({names}); only one kind of them is read at a time."
        )
    first = _joined(best)
    if first.other_columns:
        doubts.append("A second header with other columns stands in the middle of the file. Split it there.")
    if not first.rows:
        raise Unreadable(f"The file has a header of {len(first.headers)} columns but no row that fits it.")
    return first, doubts


def _chosen(grids: Sequence[CellGrid], sheet: str) -> Sequence[CellGrid]:
    if not sheet:
        return grids
    chosen = [grid for grid in grids if grid.name == sheet]
    if not chosen:
        raise AnswerError(f"The file has no sheet “{sheet}”; expected one of {', '.join(g.name for g in grids)}.")
    return chosen


def _joined(tables: Sequence[Columns]) -> Columns:
    first = tables[0]
    for other in tables[1:]:
        first.rows += other.rows
        first.lines += other.lines
        first.rejected += other.rejected
    return first


def _holds_data(grid: CellGrid) -> bool:
    return sum(is_data(row) and len([c for c in row if c]) > 1 for row in grid.rows[:LOOKED_AT_ROWS]) >= 2


def comma_language(table: Columns) -> bool:
    """True if the headers are of a language with decimal commas and the day before the month."""
    words = {word for header in table.headers for word in re.findall(r"[^\W\d_]+", folded(header))}
    return bool(words & COMMA_WORDS) or any(word.startswith(COMMA_STEMS) for word in words)


def zone_of_preamble(table: Columns) -> str:
    """The zone that a line above the table names; "" if none does."""
    for row in table.preamble:
        text = " ".join(row)
        found = zone_in(text) if ZONE_WORDS.search(folded(text)) else ""
        if found:
            return found
    return ""
