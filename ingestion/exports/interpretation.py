"""One file read whole: what would be stored, how sure each column is, and what only a person can say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from ingestion.exports.accounting import account, plan_columns
from ingestion.exports.answers import ExportAnswers
from ingestion.exports.assembly import assemble
from ingestion.exports.chosen_table import comma_language, table_of, zone_of_preamble
from ingestion.exports.columns import measured_columns
from ingestion.exports.containers import opened
from ingestion.exports.figures import decimal_sign
from ingestion.exports.file_clock import Clock
from ingestion.exports.gathered import Gathered
from ingestion.exports.grids import Opened
from ingestion.exports.instants import instants
from ingestion.exports.measured import Measured
from ingestion.exports.omissions import ask_for_omitted
from ingestion.exports.outcome import ColumnPlan, Interpretation, TextTable
from ingestion.exports.reshaping import shaped
from ingestion.exports.shapes import Shaped
from ingestion.exports.station_columns import side_by_side
from ingestion.exports.stations import Known, nobody
from ingestion.exports.table_rows import Columns
from ingestion.problems import Unreadable, printable

__all__ = ["ColumnPlan", "Interpretation", "interpret"]

SHOWN_CELLS = 8  # chosen: what a page shows of each column


def interpret(
    data: bytes, name: str, answers: ExportAnswers, *, now: datetime, known: Known = nobody
) -> Interpretation:
    """Read an export; ``known`` says what the grid knows of a substation by its code or name.

    Raises Unreadable where a person could do nothing either. ``now`` has an offset.
    """
    file = opened(data, name)
    table, doubts = table_of(file, answers)
    out = Interpretation(file.kind, encoding=file.encoding, delimiter=file.delimiter, header_line=table.header_line)
    out.accepted = answers.accept
    out.sheets = tuple(grid.name for grid in file.grids if grid.name)
    for doubt in doubts:
        out.ask("layout", doubt, choices=out.sheets)
    shape = shaped(table, answers)
    out.layout = shape.layout
    for header, text in shape.doubts:
        out.ask("mapping", text, header)
    sign = _decimal(out, shape, table, file, answers)
    columns = measured_columns(shape, answers, sign)
    if not any(c.kind for c in columns):
        out.questions = [q for q in out.questions if q.about != "scale"]
    lost = tuple(line for line, _text, _expected in table.rejected)
    clock = Clock(
        now,
        file.zone_said or zone_of_preamble(table),
        comma_language(table),
        sign,
        known,
        lost,
        _station_of_columns(columns, known),
    )
    when = instants(shape, answers, clock)
    for question in when.questions:
        out.ask(question.about, question.text, question.column, question.choices)
    out.time_zone, out.date_order = when.zone, when.order
    _ask_for_meanings(out, columns, table)
    gathered = Gathered(file, table, shape, columns, when)
    good = assemble(out, gathered, answers, now, known)
    account(out, gathered, good)
    if len(out.at):
        unanswered = [c for c in columns if c.meaning.header not in answers.columns]
        ask_for_omitted(out, unanswered, {c.used_for for c in columns if c.used_for})
    plan_columns(out, gathered)
    out.table = _text_table(file, table, sign)
    return out


def _station_of_columns(columns: list[Measured], known: Known) -> str:
    """A station that the headers or tags name and whose clock is that of all of them; "" if there is none."""
    labels = list(side_by_side(columns))
    zones = {record.zone if (record := known(label)) is not None else "" for label in labels if label}
    return labels[0] if len(zones) == 1 and "" not in zones else ""


def _decimal(out: Interpretation, shape: Shaped, table: Columns, file: Opened, answers: ExportAnswers) -> str:
    cells = [s.cells for s in shape.series]
    sign, certain = decimal_sign(cells, file.delimiter, comma_language=comma_language(table))
    if answers.decimal:
        return answers.decimal
    if not certain:
        shown = _grouped_example(cells)
        out.ask("scale", f"Are numbers such as {shown} written with a decimal sign or in thousands?", None, (".", ","))
    return sign


def _grouped_example(cells: Sequence[Sequence[str]]) -> str:
    return next((c for column in cells for c in column if re.fullmatch(r"\d{1,3}[.,]\d{3}", c)), "1.234")


def _ask_for_meanings(out: Interpretation, columns: Sequence[Measured], table: Columns) -> None:
    """Ask what columns of numbers are, where no quantity is known by its name."""
    known = [c for c in columns if c.kind or c.said]
    if not known:
        numeric = [c for c in columns if np.isfinite(c.values).any()]
        if not numeric:
            named = printable(", ".join(table.headers))
            raise Unreadable(
                f"No column holds numbers; expected at least one measured quantity. The columns are: {named}."
            )
        headers = ", ".join(c.meaning.header for c in numeric[:8])
        out.ask("mapping", f"Which quantities are these columns: {headers}?", numeric[0].meaning.header)
    for column in known:
        if column.meaning.conflict and not column.said:
            out.ask(
                "mapping",
                f"“{column.meaning.header}”: its words and its unit name different quantities.",
                column.meaning.header,
            )


def _text_table(file: Opened, table: Columns, sign: str) -> TextTable | None:
    """Of a plain table; another header in the middle or cells in another order cannot be read in blocks."""
    if file.kind != "csv" or table.other_columns or table.reordered or not table.lines:
        return None
    samples = tuple(tuple(row) for row in table.rows[:SHOWN_CELLS])
    return TextTable(tuple(table.headers), table.first_line, sign, samples)
