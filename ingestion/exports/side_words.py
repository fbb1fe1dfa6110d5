"""A column of words beside a power factor or kvar that says whether each of them lags or leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ingestion.exports.conventions import lag_lead_of
from ingestion.exports.figures import cleaned
from ingestion.exports.measured import Measured
from ingestion.exports.shapes import Series
from ingestion.problems import FloatArray

_MOSTLY = 0.9  # chosen: some cells are empty, or say "unity"
_WHY = "says whether the power factor lags or leads"


def put_side_words(columns: Sequence[Measured], series: Sequence[Series]) -> None:
    """Give the words to the power factors, or to kvar without a sign where there is none."""
    for column, cells in zip(columns, (each.cells for each in series), strict=True):
        if column.said or np.isfinite(column.values).any() or (not column.has("lag", "lead", "pf") and column.kind):
            continue
        sides = _sides(cells)
        if sides is None or not (column.has("lag", "lead", "pf") or _are_words(cells)):
            continue
        column.meaning, column.why = replace(column.meaning, kind="", role="", conflict=""), _WHY
        factors = [c for c in columns if c.kind == "PF" and c is not column and np.isfinite(c.values).any()]
        for factor in factors:
            factor.lead = sides if factor.lead is None else np.where(factor.lead == 0, sides, factor.lead)
        for reactive in (c for c in columns if c.kind in ("Q", "EQ") and not factors and not np.any(c.values < 0)):
            reactive.values = np.where(sides < 0, -reactive.values, reactive.values)


def _sides(cells: Sequence[str]) -> FloatArray | None:
    """+1 lagging, −1 leading, 0 where a cell says neither; None if most say neither."""
    sides = np.array([lag_lead_of(cleaned(cell)) for cell in cells])
    filled = sum(bool(cell) for cell in cells)
    return sides if filled and np.count_nonzero(sides) >= _MOSTLY * filled else None


def _are_words(cells: Sequence[str]) -> bool:
    """True for more than letters, which may stand for anything."""
    return all(len(cell) > 2 for cell in cells if cell)
