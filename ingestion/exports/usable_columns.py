"""Which columns count: averages and readings, not extremes, demands and what never changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingestion.exports.measured import Measured

CONSTANT = "one value throughout, no unit, and words that name something else"


_CHANGES = {"P", "Q", "S", "I", "U"}


_DEMANDS = ("demand", "min", "max", "md")


_MIN_ROWS = 4  # chosen: fewer equal readings may be chance


def usable(columns: Sequence[Measured]) -> list[Measured]:
    """The columns without extremes, demands beside readings, and neutral conductors; each left out says why."""
    kept = []
    for column in columns:
        same = [c for c in columns if c.kind == column.kind and c is not column]
        if column.said:
            kept.append(column)
        elif is_constant(column):
            column.why = CONSTANT
        elif column.has("min", "max", "md"):
            column.why = "a minimum, maximum or maximum demand is no reading"
        elif column.has("demand") and any(not c.has(*_DEMANDS) for c in same or _powers_beside(column, columns)):
            column.why = "a demand beside readings"
        elif (column.has("neutral") and column.kind != "U") or _is_neutral_current(column):
            column.why = "of the neutral conductor"
        elif column.has("other"):
            column.why = "no quantity of the load"
        elif column.has("partial") and (column.kind not in ("I", "U") or same):
            column.why = "not the whole quantity"
        elif not column.has("avg") and any(c.has("avg") and _alike(c, column) for c in same):
            column.why = "the average beside it counts"
        else:
            kept.append(column)
    return kept


def _powers_beside(column: Measured, columns: Sequence[Measured]) -> list[Measured]:
    """Readings of power, beside which the mean current of a demand interval is none."""
    return [c for c in columns if c.kind in ("P", "Q", "S")] if column.kind in ("I", "U") else []


def _is_neutral_current(column: Measured) -> bool:
    """ "Current N", "In": of no phase, and the letter that makes a voltage one to neutral."""
    return column.kind == "I" and column.has("ln") and column.meaning.phase == ""


def is_constant(column: Measured) -> bool:
    """True for a version or a count that a word such as "power" or "current" names: it never changes."""
    known = column.values[np.isfinite(column.values)]
    named = bool(column.meaning.unit) or not column.meaning.rest or column.kind not in _CHANGES
    return not named and len(known) >= _MIN_ROWS and bool(np.all(known == known[0]))


def _alike(one: Measured, other: Measured) -> bool:
    ignore = {"avg", "min", "max", "instant"}
    a, b = one.meaning, other.meaning
    return a.phase == b.phase and a.features - ignore == b.features - ignore and a.rest == b.rest
