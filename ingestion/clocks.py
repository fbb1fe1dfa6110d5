"""When each row was measured: read from the file, or counted from a start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.lazy_modules import LazyModule
from ingestion import timestamps
from ingestion.mapping import CLOCK, DATE, TIMESTAMP
from ingestion.parsing import ParsedBlock
from ingestion.plan import ImportPlan, KnownSubstations
from ingestion.problems import BoolArray, IntArray, RowJudgement, TextArray
from ingestion.timestamps import TimeArray

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")


def read_times(
    table: ParsedBlock, plan: ImportPlan, grid: KnownSubstations, substation: IntArray, judge: RowJudgement
) -> tuple[TimeArray, TextArray]:
    """The time column(s) in UTC, and their text as received; complains of unreadable and of skipped times."""
    date, clock = plan.column(DATE), plan.column(CLOCK)
    stamp = plan.column(TIMESTAMP) or date
    if stamp is None:
        raise ValueError("The plan has neither a time column nor a start; ask for one of them first.")
    shown = _shown(table, stamp)
    if date is not None and clock is not None:
        hours = _shown(table, clock)
        times = timestamps.parse_date_and_clock(shown, hours, day_first=plan.day_first)
        shown = shown + np.full(len(shown), " ", dtype=object) + hours
    else:
        times = timestamps.parse(shown, day_first=plan.day_first)
    judge.complain(np.isnat(times.at), TIMESTAMP, shown, timestamps.EXPECTED)
    at = times.at.copy()
    known = ~judge.bad & ~times.is_utc
    for zone, where in _rows_by_zone(plan, grid, substation).items():
        rows = np.flatnonzero(where & known)
        utc = timestamps.to_utc(at[rows], zone, substation[rows])
        skipped = np.zeros(len(at), dtype=bool)
        skipped[rows[utc.skipped]] = True
        judge.complain(skipped, TIMESTAMP, shown, f"a time that exists in {zone}: clocks went forward over this hour")
        at[rows] = utc.at
    return at, shown


def _rows_by_zone(plan: ImportPlan, grid: KnownSubstations, substation: IntArray) -> dict[str, BoolArray]:
    if plan.time_zone:
        return {plan.time_zone: np.ones(len(substation), dtype=bool)}
    stations_of: dict[str, list[int]] = {}
    for station, zone in grid.zones.items():
        stations_of.setdefault(zone, []).append(station)
    return {zone: np.isin(substation, stations) for zone, stations in stations_of.items()}


def _shown(table: ParsedBlock, header: str) -> TextArray:
    return table.cells[header].fillna("").to_numpy(object)


def counted_times(
    table: ParsedBlock, plan: ImportPlan, grid: KnownSubstations, substation: IntArray, positions: Mapping[int, int]
) -> tuple[TimeArray, dict[int, int]]:
    """The n-th row of a substation is n intervals after the start, in elapsed time (clock changes do not matter)."""
    start = plan.start
    if start is None:
        raise ValueError("The plan has no start; ask for it first.")
    # A line that could not be split still was a reading; it belongs with the row above it.
    lost = np.searchsorted(table.lines, table.malformed_lines)
    slots = np.insert(substation, lost, substation[np.maximum(lost - 1, 0)] if len(substation) else -1)
    counted = pd.Series(slots).groupby(slots).cumcount().to_numpy(np.int64)
    is_row = np.insert(np.ones(len(substation), dtype=bool), lost, False)
    before = pd.Series(substation).map(dict(positions)).fillna(0).to_numpy(np.int64)
    position = counted[is_row] + before
    ids, totals = np.unique(slots, return_counts=True)
    after = dict(positions)
    for station, total in zip(ids.tolist(), totals.tolist(), strict=True):
        after[station] = after.get(station, 0) + total
    starts = {zone: _start_in_utc(start, zone) for zone in {plan.time_zone or z for z in grid.zones.values()}}
    by_id = {station: starts[plan.time_zone or zone] for station, zone in grid.zones.items()}
    fallback = start.astype("datetime64[us]")
    ids_here, codes = np.unique(substation, return_inverse=True)
    first = np.array([by_id.get(station, fallback) for station in ids_here.tolist()], dtype="datetime64[us]")
    return first[codes] + (position * plan.interval_s * 1_000_000).astype("timedelta64[us]"), after


def _start_in_utc(start: np.datetime64, zone: str) -> np.datetime64:
    local = np.array([start], dtype="datetime64[us]")
    utc = timestamps.to_utc(local, zone, np.zeros(1, dtype=np.int64))
    return np.datetime64(local[0] if utc.skipped[0] else utc.at[0])
