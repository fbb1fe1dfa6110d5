"""How the cell of a column reads on paper. Pure but for the language."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from django.utils.formats import date_format

from core.formatting import NOTHING, figure, fixed, power_factor
from losses.sums_of_money import Money
from reports.content.blocks import Cell, CellKind


def written(cell: Cell, kind: CellKind, zone: tzinfo) -> str:
    """Figures as pages write them; times on the report's clock."""
    if cell is None or cell == "":
        return NOTHING if kind not in (CellKind.TEXT, CellKind.CODE) else ""
    if isinstance(cell, datetime):
        return date_format(cell.astimezone(zone), "SHORT_DATETIME_FORMAT")
    if isinstance(cell, date):
        return date_format(cell, "SHORT_DATE_FORMAT")
    if isinstance(cell, Money | str):
        return str(cell)
    return _number(float(cell), kind)


def _number(value: float, kind: CellKind) -> str:
    if kind is CellKind.SHARE:
        return f"{fixed(100 * value, 1)} %"
    if kind is CellKind.POWER_FACTOR:
        return power_factor(value)
    return f"{value:.0f}" if kind is CellKind.COUNT else figure(value)
