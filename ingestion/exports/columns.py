"""Cells of each column → numbers, with the unit that header, cells or a person name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ingestion.exports.answers import TURNED, AnswerError, ColumnAnswer, ExportAnswers
from ingestion.exports.conventions import factor_scale, lag_lead_of
from ingestion.exports.figures import CellParts, parts_of, to_float, without_sentinels
from ingestion.exports.meanings import meaning_of
from ingestion.exports.measured import Measured
from ingestion.exports.shapes import Series, Shaped
from ingestion.exports.side_words import put_side_words
from ingestion.exports.unit_table import WrittenUnit, written_unit
from ingestion.problems import FloatArray
from substations.channels import BY_NAME

_DIGIT = re.compile(r"\d")
_KINDS = {"active_power_kw": "P", "reactive_power_kvar": "Q", "apparent_power_kva": "S", "power_factor": "PF",
          "frequency_hz": "F", "oil_temperature_c": "T"}  # fmt: skip


def measured_columns(shape: Shaped, answers: ExportAnswers, sign: str) -> list[Measured]:
    """Every column that may hold a quantity, as numbers."""
    columns = [_measured(series, answers.columns.get(series.header), sign) for series in shape.series]
    put_side_words(columns, shape.series)
    return columns


def _measured(series: Series, said: ColumnAnswer | None, sign: str) -> Measured:
    cache: dict[str, CellParts | None] = {}
    parts = [cache[c] if c in cache else cache.setdefault(c, parts_of(c) if c else None) for c in series.cells]
    values = np.array([to_float(p.number, sign) if p else np.nan for p in parts])
    meaning = series.meaning
    units = Counter(p.unit.name for p in parts if p and p.unit)
    unit = meaning.unit
    factors: FloatArray | None = None
    lead = None
    if meaning.kind == "PF":
        lead = np.array([lag_lead_of(p.tail) if p and p.tail else 0.0 for p in parts])
        per_cent = np.array([bool(p and p.tail == "%") for p in parts])
        values = np.where(per_cent, values / 100, values)
    elif units and sum(units.values()) * 2 > sum(p is not None for p in parts):
        factors = np.array([p.unit.factor if p and p.unit else np.nan for p in parts])
        unit = next(p.unit for p in parts if p and p.unit)
        if unit.kind != meaning.kind and not meaning.kind:
            meaning = replace(meaning_of(series.header, unit.name), header=series.header)
    odd_tail = np.array([bool(p and p.tail and not p.unit) for p in parts]) if meaning.kind != "PF" else None
    if odd_tail is not None:
        values = np.where(odd_tail, np.nan, values)
    column = Measured(replace(meaning, unit=unit), without_sentinels(values), known=False, lead=lead)
    column.unread = _unread(series.cells, values)
    column.fraction = factor_scale(column.values) if meaning.kind == "PF" else 1.0
    return (
        _answered(column, said)
        if said is not None and said.quantity is not None
        else _scaled(column, unit, factors, said)
    )


def _unread(cells: Sequence[str], values: FloatArray) -> tuple[int, str]:
    """How many cells hold digits and are no number, and the first of them; one repeated text is a mark."""
    lost = [cell for cell, value in zip(cells, values, strict=True) if cell and value != value and _DIGIT.search(cell)]
    return (len(lost), lost[0]) if len(set(lost)) > 2 else (0, "")


def _scaled(
    column: Measured, unit: WrittenUnit | None, factors: FloatArray | None, said: ColumnAnswer | None
) -> Measured:
    if said is not None and said.unit:
        unit = written_unit(said.unit)
        if unit is None:
            raise AnswerError(
                f"“{column.meaning.header}” is answered with the unit “{said.unit}”; expected kW, V, A or another."
            )
        column.meaning = replace(column.meaning, unit=unit)
        factors = None
    if said is not None:
        column.values = column.values * said.factor
        column.sign_said = bool(said.sign)
        column.values = -column.values if said.sign in TURNED else column.values
    if unit is not None and _fits(unit, column.kind) and "unclear" not in unit.hints:
        column.known = True
        column.factor = unit.factor if column.kind[:3] != "THD" else 1.0
        column.values = column.values * (unit.factor if factors is None else factors) + unit.offset
    return column


def _fits(unit: WrittenUnit, kind: str) -> bool:
    return unit.kind == kind or (unit.kind == "%" and kind.startswith("THD"))


def _answered(column: Measured, said: ColumnAnswer) -> Measured:
    quantity = said.quantity or ""
    if quantity not in BY_NAME:
        raise AnswerError(
            f"“{column.meaning.header}” is answered with “{quantity}”; expected one of {', '.join(BY_NAME)}."
        )
    kind = next((k for name, k in _KINDS.items() if name == quantity), "")
    kind = kind or ("I" if quantity.startswith("current") else "U" if quantity.startswith("voltage") else "THD")
    unit = written_unit(said.unit) if said.unit else None
    if said.unit and unit is None and "neutral" not in said.unit:
        raise AnswerError(
            f"“{column.meaning.header}” is answered with the unit “{said.unit}”; expected kW, V, A or another."
        )
    if unit is not None and unit.kind.startswith("E") and unit.kind[1:] == kind:
        kind = unit.kind
    column.meaning = replace(column.meaning, kind=kind, unit=unit, conflict="", rest=())
    column.said = quantity
    sign = -1.0 if said.sign in TURNED else 1.0
    column.sign_said = bool(said.sign)
    scale = unit.factor if unit is not None and (unit.kind == kind or kind == "THD") else 1.0
    if unit is not None and kind == "PF" and unit.kind == "%":
        scale = 0.01
    column.factor, column.known = said.factor * sign * scale, True
    column.values = column.values * said.factor * sign * scale + (unit.offset if unit else 0.0)
    return column


def headers_of(columns: Sequence[Measured]) -> str:
    """The headers of some columns, for a message."""
    return ", ".join(c.meaning.header for c in columns[:6])
