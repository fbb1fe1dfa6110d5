"""The rows of each station: composed into quantities, with what is decided for all stations together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.gathered import Gathered
from ingestion.exports.measured import Ask, Measured, unheard
from ingestion.exports.outcome import Interpretation
from ingestion.exports.quantities import quantities
from ingestion.exports.station_rows import Context
from ingestion.exports.stations import Known
from ingestion.exports.whole_columns import clearly_differs, decide_registers, settle_together
from ingestion.problems import BoolArray, FloatArray
from ingestion.timestamps import TimeArray

Part = tuple[str, TimeArray, FloatArray, np.ndarray]


@dataclass(frozen=True, slots=True)
class StationNames:
    """Whose rows they are: by the answers, the file's stations, or the label of a group of columns."""

    answers: ExportAnswers
    known: Known
    label: str

    def of(self, station: str) -> str:
        return self.answers.substation or station or self.label


def rows_of_station(stations: Sequence[str], station: str, good: BoolArray, at: TimeArray) -> np.ndarray:
    """The rows of one station in the order of their times."""
    rows = np.flatnonzero(np.array([s == station for s in stations]) & good)
    ordered: np.ndarray = rows[np.argsort(at[rows], kind="stable")]
    return ordered


def parts_of_group(
    out: Interpretation, got: Gathered, columns: list[Measured], rows_of: dict[str, np.ndarray], names: StationNames
) -> list[Part]:
    """The rows of each station of one group of columns. What a column is decided to be holds for all its stations."""
    decide_registers(columns, list(rows_of.values()))
    if len(rows_of) > 1 and any(not c.known for c in columns if c.kind):
        judged = []
        for station, rows in rows_of.items():
            own = _own(columns, rows)
            quantities(own, _context(got, rows, names, station, unheard))
            judged.append(own)
        agreed = settle_together(columns, judged)
    else:
        agreed, judged = {}, []
    parts = []
    for n, (station, rows) in enumerate(rows_of.items()):
        own = _own(columns, rows)
        for position, factor in agreed.items():
            if not clearly_differs(judged[n][position], factor):
                own[position].values = own[position].values * factor
                own[position].known = True
        context = _context(got, rows, names, station, out.ask)
        parts.append((names.of(station), got.when.at[rows], quantities(own, context), rows))
        out.interval_s = out.interval_s or context.interval_s
        _learn(columns, own, agreed)
    return parts


def _own(columns: Sequence[Measured], rows: np.ndarray) -> list[Measured]:
    return [replace(c, values=c.values[rows], lead=None if c.lead is None else c.lead[rows]) for c in columns]


def _context(got: Gathered, rows: np.ndarray, names: StationNames, station: str, ask: Ask) -> Context:
    at, record = got.when.at[rows], names.known(names.of(station))
    return Context(at, names.answers, got.table.preamble, got.file.energy, got.shape.interval_s, ask, record)


def _learn(columns: Sequence[Measured], own: Sequence[Measured], agreed: dict[int, float]) -> None:
    """What the columns of one station were used for, for the plan that is shown."""
    for n, (column, after) in enumerate(zip(columns, own, strict=True)):
        column.used_for, column.why = after.used_for or column.used_for, after.why
        column.factor, column.sureness = after.factor, after.sureness
        if n in agreed and column.used_for:
            column.factor, column.sureness = agreed[n], "likely"
            column.why = column.why or "unit by √3·U·I or the other powers, over all stations"
