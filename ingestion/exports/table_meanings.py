"""What each column of a table means: its header alone, and what the other headers tell of letters with two meanings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestion.exports.meaning import Meaning
from ingestion.exports.meanings import meaning_of
from ingestion.exports.table_letters import rules_of
from ingestion.exports.table_rows import Columns


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
    return found
