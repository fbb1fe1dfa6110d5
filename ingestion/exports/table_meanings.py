"""What each column of a table means: its header alone, and what the other headers tell of letters with two meanings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestion.exports.meaning import Meaning
from ingestion.exports.meanings import meaning_of
from ingestion.exports.table_letters import rules_of
from ingestion.exports.table_rows import Columns

_BRACKETED = re.compile(r"[(\[/]|_(?:var|va)$", re.IGNORECASE)


def meanings_of(table: Columns) -> list[Meaning]:
    """What each column of a table means by its header and unit."""
    return meanings_together(table.headers, table.units)


def meanings_together(headers: Sequence[str], units: Sequence[str]) -> list[Meaning]:
    """What headers, or the tags of a historian, mean beside each other."""
    rules = rules_of(headers)
    found = []
    for header, unit in zip(headers, units, strict=True):
        text = re.sub(r" \(\d\)$", "", header)
        for pattern, written in rules:
            text = pattern.sub(written, text)
        found.append(replace(meaning_of(text, unit), header=header))
    return [_name_or_unit(each, unit, found) for each, unit in zip(found, units, strict=True)]


def _name_or_unit(meaning: Meaning, unit_below: str, others: Sequence[Meaning]) -> Meaning:
    """ "Total system VAr" beside a "Total system power" without a unit: the quantity's name, and no unit of it."""
    unit = meaning.unit
    if unit is None or unit.name not in ("var", "VA") or unit_below or _BRACKETED.search(meaning.header):
        return meaning
    bare = any(other.kind in ("P", "Q", "S") and other.unit is None for other in others)
    return replace(meaning, unit=None, by_unit_only=False) if bare else meaning
