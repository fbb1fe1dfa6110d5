"""What a file holds and the plan would leave out without a reason: asked, so that nothing is lost in silence."""

from __future__ import annotations

import numpy as np

from ingestion.exports.accounting import REJECTED_SHARE
from ingestion.exports.measured import Measured
from ingestion.exports.outcome import Interpretation

_MOSTLY = 0.5  # chosen: a column of remarks holds fewer numbers
_REACTIVE = {"reactive_power_kvar", "apparent_power_kva", "power_factor"}
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
        elif column.has("other") and column.kind in _QUANTITIES and count and "active_power_kw" not in used:
            out.ask("mapping", f"Is “{header}” a quantity of the load?", header)
    _ask_for_unnamed(out, columns, used)


def _ask_for_unnamed(out: Interpretation, columns: list[Measured], used: set[str]) -> None:
    """Where active power, or all that tells reactive power, is missing, a column of numbers without a known name."""
    missing = "active power" if "active_power_kw" not in used else "" if used & _REACTIVE else "reactive power"
    if not used or not missing:
        return
    unnamed = [c for c in columns if _is_unnamed(c)]
    if unnamed:
        headers = ", ".join(f"“{c.meaning.header}”" for c in unnamed[:6])
        out.ask("mapping", f"The file names no {missing}. Is it {headers}?", unnamed[0].meaning.header)


def _is_unnamed(column: Measured) -> bool:
    known = column.values[np.isfinite(column.values)]
    if column.kind or column.meaning.role or column.said or column.meaning.features or column.meaning.unit:
        return False
    fractions = np.any(known != np.round(known))
    return len(known) > _MOSTLY * len(column.values) and len(np.unique(known)) > 2 and bool(fractions)
