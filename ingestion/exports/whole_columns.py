"""What is decided for a column as a whole, over all stations in its rows: the prefix of its unit, register or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ingestion.exports.energy_registers import is_register
from ingestion.exports.measured import Measured
from ingestion.problems import FloatArray, IntArray

SEEN_ROWS = 8  # chosen: a station with fewer rows does not speak against the others


def decide_registers(columns: Sequence[Measured], rows_of: Sequence[IntArray]) -> None:
    """Say of energies whether they are registers where the stations that can be judged agree."""
    for column in columns:
        if column.kind in ("EP", "EQ", "ES"):
            answers = {is_register(column.values[rows]) for rows in rows_of} - {None}
            column.register = answers.pop() if len(answers) == 1 else None
    _follow_others([c for c in columns if c.kind in ("EP", "EQ", "ES")], rows_of)


def _follow_others(energies: Sequence[Measured], rows_of: Sequence[IntArray]) -> None:
    """One that tells nothing is like all others of the file: a register that stands still, a constant energy."""
    agreed = {column.register for column in energies} - {None}
    for column in energies:
        if column.register is not None or len(agreed) != 1:
            continue
        if agreed == {False} or all(_never_falls(column.values[rows]) for rows in rows_of):
            column.register = next(iter(agreed))


def _never_falls(values: FloatArray) -> bool:
    return bool(np.all(np.diff(values[np.isfinite(values)]) >= 0))


def clearly_differs(own: Measured, factor: float) -> bool:
    """True where the numbers of one station, enough of them, say another factor than the others agree on."""
    return own.settled and own.factor != factor and int(np.isfinite(own.values).sum()) >= SEEN_ROWS


def settle_together(columns: Sequence[Measured], judged: Sequence[Sequence[Measured]]) -> dict[int, float]:
    """The factor of each column without a unit on which its stations agree, by the column's position.

    ``judged`` are the columns of one station each, as its own numbers settled them. Stations with enough rows to be
    sure that have different factors clearly differ: nothing is decided for them together.
    """
    agreed = {}
    for position, column in enumerate(columns):
        weights: dict[float, int] = defaultdict(int)
        for own in judged:
            if own[position].settled and not column.known:
                weights[own[position].factor] += int(np.isfinite(own[position].values).sum())
        sure = [factor for factor, rows in weights.items() if rows >= SEEN_ROWS]
        if len(sure) == 1 or (not sure and len(weights) == 1):
            agreed[position] = sure[0] if sure else next(iter(weights))
    return agreed
