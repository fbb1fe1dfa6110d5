"""Whose rows and columns they are: a column of stations, several side by side, or the one that was given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.measured import Measured
from ingestion.exports.outcome import Interpretation
from ingestion.exports.shapes import Shaped
from ingestion.exports.usable_columns import CONSTANT, is_constant
from ingestion.exports.vocabulary import folded
from ingestion.problems import printable


def stations_and_groups(
    out: Interpretation, shape: Shaped, columns: list[Measured], answers: ExportAnswers
) -> tuple[list[str], dict[str, list[Measured]]]:
    """The station of each row, and the columns by station where several stand side by side."""
    count = len(shape.lines)
    rows = [printable(s) for s in shape.stations] if shape.stations is not None else [""] * count
    groups = side_by_side(columns)
    if answers.substation:
        if _repeat_quantities(list(groups.values())):
            out.ask(
                "mapping",
                f"The columns are of several meters ({', '.join(groups)}). Which ones are {answers.substation}'s?",
            )
        groups = {"": columns} if len(groups) > 1 else groups
        if shape.stations is not None and len(set(rows) - {""}) > 1:
            out.ask(
                "substation",
                f"The file names several stations ({', '.join(sorted(set(rows) - {''})[:6])}), but one was given.",
            )
        return [answers.substation] * count, groups
    if not any(rows) and not any(groups):
        out.ask("substation", "The file does not name its substation.")
    return rows, groups


def side_by_side(columns: list[Measured]) -> dict[str, list[Measured]]:
    """Columns by the words that no table of names knows, where these tell equal quantities apart."""
    for column in columns:
        column.why = CONSTANT if not column.said and is_constant(column) else column.why
    named = [c for c in columns if c.kind and not c.said and c.why != CONSTANT]
    signature = Counter((c.kind, c.meaning.phase, c.meaning.features - {"station"}) for c in named)
    doubled = [c for c in named if signature[c.kind, c.meaning.phase, c.meaning.features - {"station"}] > 1]
    labels = {" ".join(c.meaning.rest) for c in doubled}
    if len(labels) < 2 or len(labels) * 2 > len(doubled) + len(labels):
        common = {" ".join(c.meaning.rest) for c in named}
        label = common.pop() if len(common) == 1 else ""
        return {_spelled(label, columns): columns}
    groups = {label: [c for c in columns if " ".join(c.meaning.rest) == label] for label in sorted(labels)}
    largest = max(groups.values(), key=len)
    groups = {
        label: group for label, group in groups.items() if not (group is not largest and _repeats(group, largest))
    }
    if len(groups) == 1:
        return {"": [c for c in columns if " ".join(c.meaning.rest) in (*groups, "")]}
    return {_spelled(label, group): group for label, group in groups.items()}


def _repeat_quantities(groups: Sequence[Sequence[Measured]]) -> bool:
    """True if several groups of columns hold the same quantities, as those of several meters do."""
    kinds = Counter(kind for group in groups for kind in {(c.kind, c.meaning.phase) for c in group if c.kind})
    return len(groups) > 1 and max(kinds.values(), default=0) > 1


def _spelled(label: str, columns: Sequence[Measured]) -> str:
    """A label as it stands in the header; headers are compared in lower case and without accents."""
    words = label.split()
    for column in columns:
        parts = re.findall(r"[^\s_,;:/\\|()\[\]]+", column.meaning.header)
        found = [next((part for part in parts if folded(part) == word), "") for word in words]
        if words and all(found):
            return " ".join(found)
    return label.upper()


def _repeats(group: Sequence[Measured], largest: Sequence[Measured]) -> bool:
    """True if every column of a group stands with the same values in the largest one."""
    return all(
        any(a.kind == b.kind and np.allclose(a.values, b.values, equal_nan=True) for b in largest) for a in group
    )
