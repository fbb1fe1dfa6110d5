"""What is decided for a column as a whole, over all stations in its rows: the prefix of its unit, register or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ingestion.exports.energy_registers import is_register
from ingestion.exports.measured import Measured
from ingestion.problems import IntArray

SEEN_ROWS = 8  # chosen: a station with fewer rows does not speak against the others


def decide_registers(columns: Sequence[Measured], rows_of: Sequence[IntArray]) -> None:
    """Say of energies whether they are registers where the stations that can be judged agree."""
    for column in columns:
        if column.kind in ("EP", "EQ", "ES"):
            answers = {is_register(column.values[rows]) for rows in rows_of} - {None}
            column.register = answers.pop() if len(answers) == 1 else None


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
