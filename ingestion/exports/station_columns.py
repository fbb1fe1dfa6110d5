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
    labels = _leading(doubled) or _without_longer({" ".join(c.meaning.rest) for c in doubled})
    if len(labels) < 2 or len(labels) * 2 > len(doubled) + len(labels):
        common = {" ".join(c.meaning.rest) for c in named}
        label = common.pop() if len(common) == 1 else ""
        return {_spelled(label, columns): columns}
    groups: dict[str, list[Measured]] = {label: [] for label in sorted(labels)}
    for column in columns:
        label = _label_of(column, labels)
        if label in groups:
            groups[label].append(column)
    largest = max(groups.values(), key=len)
    groups = {
        label: group for label, group in groups.items() if not (group is not largest and _repeats(group, largest))
    }
    if len(groups) == 1:
        return {"": [c for c in columns if " ".join(c.meaning.rest) in (*groups, "")]}
    return {_spelled(label, group): group for label, group in groups.items()}


def _leading(columns: Sequence[Measured]) -> set[str]:
    """The first words of each header that part the columns into stations of the same quantities; as many as do.

    Needed where names of quantities are in no known language: "TX7 Frecvenţă", "TX7 Curent". Empty where the words as
    they are do so.
    """
    found: set[str] = set()
    for count in range(max((len(c.meaning.rest) for c in columns), default=0) + 1):
        groups: dict[str, set[str]] = {}
        for column in columns:
            groups.setdefault(" ".join(column.meaning.rest[:count]), set()).add(column.kind)
        if len(groups) > 1 and "" not in groups and len({frozenset(kinds) for kinds in groups.values()}) == 1:
            found = set(groups)
    return found


def _without_longer(labels: set[str]) -> set[str]:
    """Labels of stations without those that only add a word: "TX7 Line" of a frequency is no station beside TX7."""
    return {label for label in labels if labels.isdisjoint(_beginnings(label))}


def _label_of(column: Measured, labels: set[str]) -> str:
    """The station's label in a header; the words as they are where there is none."""
    words = " ".join(column.meaning.rest)
    if words in labels:
        return words
    return next((each for each in _beginnings(words) if each in labels), words)


def _beginnings(label: str) -> list[str]:
    """Its first words, the most first, without all of them."""
    words = label.split(" ")
    return [" ".join(words[:count]) for count in range(len(words) - 1, 0, -1)]


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
