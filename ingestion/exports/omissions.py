"""What a file holds and the plan would leave out without a reason: asked, so that nothing is lost in silence."""

from __future__ import annotations

import re

import numpy as np

from ingestion.exports.accounting import REJECTED_SHARE
from ingestion.exports.measured import Measured
from ingestion.exports.outcome import Interpretation
from ingestion.exports.vocabulary import MULTIPLIER, folded

_TIMES = re.compile(r"(?i)(?<![a-z0-9])[x×*]\s*10(?:0{0,5}|\^\d)(?![\d.])")
_MOSTLY = 0.5  # chosen: a column of remarks holds fewer numbers
_REACTIVE = {"reactive_power_kvar", "apparent_power_kva", "power_factor"}
_LOW_FACTOR = 0.4  # chosen: ratios of other things, such as losses, are smaller as a rule
_KNOWN_OTHERWISE = (
    "other",
    "partial",
    "min",
    "max",
    "md",
    "demand",
    "temperature",
    "oil",
    "ambient",
    "winding",
    "angle",
)
_POWERS = {"active_power_kw", "apparent_power_kva"}
_QUANTITIES = {"P", "Q", "S", "EP", "EQ", "ES"}


def ask_for_omitted(out: Interpretation, columns: list[Measured], used: set[str]) -> None:
    """Ask about columns that name a quantity and are not used, that cannot be read, or that nobody can name.

    ``columns`` are those that no person answered for; ``used`` are the channels that some column is stored in.
    """
    for column in columns:
        header = column.meaning.header
        count = int(np.isfinite(column.values).sum())
        unread, example = column.unread
        if column.used_for and unread > REJECTED_SHARE * (unread + count):
            text = f"{unread} of {unread + count} cells of “{header}” are no numbers, such as “{example}”."
            out.ask("rejected_share", text + " Load the others all the same?", header)
        elif not column.used_for and count and column.kind and not column.why:
            out.ask("mapping", f"“{header}” names a quantity, but nothing is stored of it. Whose is it?", header)
        elif _is_phase_of_nothing(column) and count:
            out.ask("mapping", f"“{header}” is of a phase, but of which quantity?", header)
        elif column.has("per_phase") and column.used_for and column.kind in _QUANTITIES:
            out.ask("mapping", f"Is “{header}” of one phase, or of all three?", header)
        elif column.has("other") and column.kind in _QUANTITIES and count and not used & _POWERS:
            out.ask("mapping", f"Is “{header}” a quantity of the load?", header)
        _ask_for_factor(out, column)
    _ask_for_unnamed(out, columns, used)


def _ask_for_factor(out: Interpretation, column: Measured) -> None:
    """A factor in a header, or in a column of its own: the values may hold it already, or not."""
    header, known = column.meaning.header, column.values[np.isfinite(column.values)]
    if column.used_for and column.kind not in ("PF", "F") and _TIMES.search(header) and not column.settled:
        out.ask("scale", f"“{header}”: are its values multiplied already, or are they to be multiplied?", header)
    elif not column.used_for and MULTIPLIER.fullmatch(folded(header)) and np.any(known != 1):
        out.ask("scale", f"Are the values multiplied already with the {known[0]:g} of “{header}”?", header)


def _is_phase_of_nothing(column: Measured) -> bool:
    found = column.meaning
    named = found.kind or found.role or found.unit or column.said or column.has(*_KNOWN_OTHERWISE)
    return bool(found.phase) and not named and _varies(column)


def _ask_for_unnamed(out: Interpretation, columns: list[Measured], used: set[str]) -> None:
    """Where active power, or all that tells reactive power, is missing, a column of numbers without a known name."""
    missing = "active power" if "active_power_kw" not in used else "" if used & _REACTIVE else "reactive power"
    follows = "power_factor" in used or used >= {*_POWERS, "reactive_power_kvar"}
    if not missing and not follows and any(map(_may_be_factor, columns)):
        missing = "power factor"
    if not used or not missing:
        return
    unnamed = [c for c in columns if (_may_be_factor if missing == "power factor" else _is_unnamed)(c)]
    if unnamed:
        headers = ", ".join(f"“{c.meaning.header}”" for c in unnamed[:6])
        out.ask("mapping", f"The file names no {missing}. Is it {headers}?", unnamed[0].meaning.header)


def _may_be_factor(column: Measured) -> bool:
    known = np.abs(column.values[np.isfinite(column.values)])
    return (
        _is_unnamed(column)
        and not column.has("tangent")
        and float(np.max(known)) <= 1.0
        and float(np.median(known)) > _LOW_FACTOR
    )


def _is_unnamed(column: Measured) -> bool:
    if column.kind or column.meaning.role or column.said or column.has(*_KNOWN_OTHERWISE) or column.meaning.unit:
        return False
    return _varies(column)


def _varies(column: Measured) -> bool:
    """True for a column that mostly holds numbers, several of them and not all whole."""
    known = column.values[np.isfinite(column.values)]
    fractions = np.any(known != np.round(known))
    return len(known) > _MOSTLY * len(column.values) and len(np.unique(known)) > 2 and bool(fractions)
