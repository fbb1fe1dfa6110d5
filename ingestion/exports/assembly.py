"""The rows of a file by station: composed into quantities, sorted by time, equal times settled."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.collected_rows import collect
from ingestion.exports.gathered import Gathered
from ingestion.exports.outcome import Interpretation
from ingestion.exports.quantities import quantities
from ingestion.exports.station_columns import stations_and_groups
from ingestion.exports.station_parts import Part, StationNames, parts_of_group, rows_of_station
from ingestion.exports.station_rows import Context
from ingestion.exports.stations import Known
from ingestion.problems import BoolArray

USUAL_INTERVAL_S = 900  # IEC 62053 load profiles


_FUTURE = np.timedelta64(1, "D")  # as validation: clocks and zones may differ by hours


def assemble(out: Interpretation, got: Gathered, answers: ExportAnswers, now: datetime, known: Known) -> BoolArray:
    """Put the rows of each station into ``out``; which rows of the file have a time that can be believed."""
    shape, when = got.shape, got.when
    stations, groups = stations_and_groups(out, shape, got.columns, answers)
    out.named = tuple(dict.fromkeys(answers.substation or s or label for label in groups for s in stations))
    at = when.at
    latest = np.datetime64(now.replace(tzinfo=None), "us") + _FUTURE
    ahead = at > latest
    early = at < np.datetime64("1990-01-01", "us")
    if ahead.any() and ahead.mean() > 0.5:
        out.ask(
            "time",
            f"The times lie ahead (up to {str(at[ahead].max())[:16]} UTC). How are they to be read?",
            shape.stamp_header,
        )
    good = ~np.isnat(at) & ~ahead & ~early
    if not good.any():
        _plan_without_times(out, got, answers, known)
    parts: list[Part] = []
    for label, columns in groups.items():
        rows_of = {station: rows_of_station(stations, station, good, at) for station in dict.fromkeys(stations)}
        rows_of = {station: rows for station, rows in rows_of.items() if len(rows)}
        parts += parts_of_group(out, got, columns, rows_of, StationNames(answers, known, label))
    collect(out, parts, shape)
    return good


def _plan_without_times(out: Interpretation, got: Gathered, answers: ExportAnswers, known: Known) -> None:
    """What the columns would be used for, while the time of no row is known: rows are taken as evenly spaced."""
    steps = np.arange(len(got.shape.lines)) * (answers.interval_s or got.shape.interval_s or USUAL_INTERVAL_S)
    at = np.datetime64("2000-01-01", "us") + (steps * 1_000_000).astype("timedelta64[us]")
    context = Context(
        at, answers, got.table.preamble, got.file.energy, USUAL_INTERVAL_S, out.ask, known(answers.substation)
    )
    quantities(got.columns, context)
