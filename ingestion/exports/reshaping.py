"""Layouts → one row per time: historian lines gathered, days unrolled, bad quality blanked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.day_rows import DAY_COLUMNS, day_slots, unrolled
from ingestion.exports.figures import parts_of
from ingestion.exports.long_rows import gathered
from ingestion.exports.meaning import Meaning
from ingestion.exports.meanings import meaning_of
from ingestion.exports.quality_columns import doubt_about, qualities
from ingestion.exports.shapes import Series, Shaped
from ingestion.exports.table_meanings import meanings_of
from ingestion.exports.table_rows import Columns
from ingestion.exports.time_columns import LOOKED_AT_ROWS, times_of

_FRACTION = re.compile(r"[-+]?\d+[.,]\d+(?:\s*[a-zA-Z%]+)?$")
_OF_LONG_TABLES = ("tag", "unitname")  # with numbers in them these columns are called like that by chance


def shaped(table: Columns, answers: ExportAnswers) -> Shaped:
    """The table as rows of one time each."""
    meanings = [_answered(m, answers) for m in meanings_of(table)]
    slots = day_slots(table.headers)
    roles = Counter(m.role for m in meanings)
    if len(slots) >= DAY_COLUMNS:
        shape = unrolled(table, meanings, slots)
    elif roles["tag"] and (roles["value"] or any(m.has("value") and m.kind for m in meanings)):
        shape = gathered(table, meanings)
    else:
        shape = _wide(table, meanings)
    if shape.stamp_header in table.headers:
        shape.stamp_unit = table.units[table.headers.index(shape.stamp_header)]
    return shape


def _answered(meaning: Meaning, answers: ExportAnswers) -> Meaning:
    said = answers.columns.get(meaning.header)
    if said is None or said.quantity is None:
        return meaning
    roles = {"timestamp": "timestamp", "date": "date", "time": "clock", "substation": "station", "": "ignored"}
    if said.quantity in roles:
        return replace(meaning, kind="", role=roles[said.quantity], conflict="")
    named = meaning_of(said.quantity, said.unit)
    return replace(named, header=meaning.header, conflict="", rest=(), role="answered:" + said.quantity)


def _wide(table: Columns, meanings: Sequence[Meaning]) -> Shaped:
    out = times_of(table, meanings)
    out.layout = "wide"
    named = [n for n, m in enumerate(meanings) if m.role == "station" and not _mostly_fractions(table.column(n))]
    if named:
        # Of several such columns (site, feeder, meter) the one with the most different names tells the meters apart.
        best = max(named, key=lambda n: (len(set(table.column(n))), -n))
        out.stations = table.column(best)
    quality = qualities(table, meanings)
    doubts = [doubt_about(m.header, m, table.column(n)) for n, m in enumerate(meanings)]
    out.doubts = [doubt for doubt in doubts if doubt is not None]
    for n, meaning in enumerate(meanings):
        cells = table.column(n)
        unused = meaning.role in _OF_LONG_TABLES and _mostly_numbers(cells)
        if meaning.kind or meaning.role in ("", "value") or unused or meaning.role.startswith("answered:"):
            good = quality.get(n)
            out.series.append(
                Series(meaning, [c if ok else "" for c, ok in zip(cells, good, strict=True)] if good else cells)
            )
        else:
            out.other.append(meaning)
    return out


def _mostly_fractions(cells: Sequence[str]) -> bool:
    """True for measured values: no name or number of a station has a decimal sign."""
    filled = [cell for cell in cells[:LOOKED_AT_ROWS] if cell]
    return 2 * sum(bool(_FRACTION.match(cell)) for cell in filled) > len(filled)


def _mostly_numbers(cells: Sequence[str]) -> bool:
    """True if most of the filled cells are bare numbers."""
    filled = [cell for cell in cells[:LOOKED_AT_ROWS] if cell]
    numbers = [found for cell in filled if (found := parts_of(cell)) is not None and not found.tail]
    return 2 * len(numbers) > len(filled)
