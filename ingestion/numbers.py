"""Cells → floats: decimal comma, thousands separators. Whatever else is garbled, and said so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.lazy_modules import LazyModule
from ingestion.problems import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

_PLAIN = {
    ".": r"[+-]?(?:\d+\.?\d*|\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d*)?)(?:[eE][+-]?\d{1,3})?",
    ",": r"[+-]?(?:\d+,?\d*|,\d+|\d{1,3}(?:\.\d{3})+(?:,\d*)?)(?:[eE][+-]?\d{1,3})?",
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """``values`` [row], NaN where blank or garbled; ``garbled`` where there was text that is no number."""

    values: FloatArray
    garbled: BoolArray


def to_numbers(cells: pd.Series, decimal: str) -> Numbers:
    """Floats of one column. A clean column is floats already and costs nothing."""
    if cells.dtype.kind in "iuf":
        return Numbers(cells.to_numpy(np.float64), np.zeros(len(cells), dtype=bool))
    known = cells.notna()
    texts = cells[known].astype(str).astype(object)
    texts = texts.str.replace(r"[\s'’\u00a0\u202f]", "", regex=True).str.replace("\N{MINUS SIGN}", "-", regex=False)
    plain = texts.str.fullmatch(_PLAIN[decimal]).astype(bool)
    good = texts[plain]
    if decimal == ",":
        good = good.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    else:
        good = good.str.replace(",", "", regex=False)
    values = np.full(len(cells), np.nan)
    positions = np.flatnonzero(known.to_numpy())
    values[positions[plain.to_numpy()]] = good.astype(np.float64).to_numpy()
    garbled = np.zeros(len(cells), dtype=bool)
    garbled[positions[~plain.to_numpy()]] = True
    return Numbers(values, garbled)
