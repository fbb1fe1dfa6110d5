"""Workbooks (.xlsx, .xls, .ods) → grids of cells, dates as dates."""

from __future__ import annotations

import io
from datetime import date, datetime, time

from python_calamine import CalamineWorkbook

from ingestion.exports.grids import CellGrid, Opened
from ingestion.problems import Unreadable


def workbook(data: bytes) -> Opened:
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
