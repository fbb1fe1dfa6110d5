"""Arrays → good rows and problems. In a good row the substation, the time and every value can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.lazy_modules import LazyModule
from core.spreadsheets import unguarded
from ingestion import clocks
from ingestion.derivation import complete
from ingestion.mapping import SUBSTATION, TIMESTAMP
from ingestion.numbers import to_numbers
from ingestion.parsing import ParsedBlock
from ingestion.plan import ImportPlan, KnownSubstations
from ingestion.problems import FloatArray, IntArray, Problems, RowJudgement, TextArray, join
from ingestion.timestamps import TimeArray
from substations.channels import BY_NAME, CHANNEL_INDEX, CHANNELS, Channel

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

PF_ROUNDING = 1.01  # chosen: a meter's last digit
EARLIEST = np.datetime64("1990-01-01", "us")  # a clock before this lost its battery
# Given: a clock may run ahead by so much; what is further ahead says nothing of the present.
FUTURE_TOLERANCE = np.timedelta64(5, "m")

NOT_KEPT = "a time of which readings are kept; older ones of this substation were deleted by the retention"


@dataclass(frozen=True, slots=True)
class ReadingRows:
    """Good rows as columns: ``lines``, ``substation_id``, ``at`` (UTC), ``values`` [row, channel], ``derived`` bits."""

    lines: IntArray
    substation_id: IntArray
    at: TimeArray
    values: FloatArray
    derived: IntArray

    def __len__(self) -> int:
        return len(self.lines)

    def taken(self, where: IntArray) -> ReadingRows:
        """The rows at these positions."""
        return ReadingRows(
            self.lines[where], self.substation_id[where], self.at[where], self.values[where], self.derived[where]
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for one table. ``bad`` and ``empty`` count rows; ``positions`` is for the next table of the file.

    future: by substation, the rows whose time is ahead of the server's clock."""

    rows: ReadingRows
    problems: Problems
    bad: int
    empty: int
    positions: dict[int, int] = field(default_factory=dict)
    future: dict[int, FromFuture] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FromFuture:
    """Rows of one substation that were put aside for their time: how many, and the furthest ahead."""

    count: int
    at: np.datetime64


def newest_of_each(substation: IntArray, at: TimeArray) -> dict[int, FromFuture]:
    """By substation."""
    return {
        int(pk): FromFuture(int((substation == pk).sum()), at[substation == pk].max()) for pk in np.unique(substation)
    }


def check(
    table: ParsedBlock,
    plan: ImportPlan,
    grid: KnownSubstations,
    *,
    now: np.datetime64,
    positions: Mapping[int, int] | None = None,
) -> Checked:
    """Judge every row of a table.

    1. substation; 2. time, local → UTC; 3. numbers, units, bounds; 4. rows without any value; 5. equal keys: the
    last row counts; 6. fill in what physics gives. ``positions`` holds, for files without time, how many rows each
    substation has had so far.
    """
    count = len(table)
    judge = RowJudgement(table.lines, [table.problems])
    substation, received = _substations(table, plan, grid)
    judge.complain(substation < 0, SUBSTATION, received, f"a known substation ({grid.codes()})")
    after: dict[int, int] = {}
    if plan.start is not None:
        at, after = clocks.counted_times(table, plan, grid, substation, positions or {})
        shown = at.astype(str).astype(object)
    else:
        at, shown = clocks.read_times(table, plan, grid, substation, judge)
    future: dict[int, FromFuture] = {}
    if not plan.allow_future:
        latest = now + FUTURE_TOLERANCE
        ahead = at > latest
        future = newest_of_each(substation[ahead & ~judge.bad], at[ahead & ~judge.bad])
        judge.complain(
            ahead, TIMESTAMP, shown, f"a time at most 5 minutes ahead (it is {str(now)[:16]} UTC); the row is put aside"
        )
    judge.complain(at < EARLIEST, TIMESTAMP, shown, "a time after 1990; is the meter's clock set?")
    judge.complain(_is_pruned(substation, at, grid), TIMESTAMP, shown, NOT_KEPT)
    values = np.full((count, len(CHANNELS)), np.nan)
    for header in plan.numbers:
        channel = BY_NAME[plan.choices[header]["target"]]
        values[:, CHANNEL_INDEX[channel.name]] = _channel(table.cells[header], channel, plan, header, judge)
    blank = np.isnan(values).all(axis=1) & ~judge.bad
    good = np.flatnonzero(~judge.bad & ~blank)
    repeated = pd.DataFrame({"s": substation[good], "t": at[good]}).duplicated(keep="last").to_numpy()
    doubles = np.zeros(count, dtype=bool)
    doubles[good[repeated]] = True
    judge.complain(doubles, TIMESTAMP, shown, "one row per substation and time; a later line has the same and is kept")
    good = np.flatnonzero(~judge.bad & ~blank)
    full, derived = complete(values[good], substation[good])
    rows = ReadingRows(table.lines[good], substation[good], at[good], full, derived)
    wrong = int(np.count_nonzero(judge.bad)) + table.malformed
    return Checked(rows, join(judge.complaints), wrong, int(np.count_nonzero(blank)), after, future)


def _substations(table: ParsedBlock, plan: ImportPlan, grid: KnownSubstations) -> tuple[IntArray, TextArray]:
    header = plan.column(SUBSTATION)
    if header is None:
        found = grid.ids.get(plan.substation.casefold(), -1)
        return np.full(len(table), found, dtype=np.int64), np.full(len(table), plan.substation, dtype=object)
    codes, distinct = pd.factorize(table.cells[header].to_numpy(object), use_na_sentinel=False)
    texts = ["" if pd.isna(text) else unguarded(str(text).strip()) for text in distinct]
    ids = np.array([grid.ids.get(text.casefold(), -1) for text in texts], dtype=np.int64)
    return ids[codes], np.array(texts, dtype=object)[codes]


def _is_pruned(substation: IntArray, at: TimeArray, grid: KnownSubstations) -> NDArray[np.bool_]:
    """Rows of a time of which the readings were deleted by the retention."""
    found = np.zeros(len(at), dtype=bool)
    for pk in np.unique(substation).tolist() if grid.kept_from else ():
        if pk in grid.kept_from:
            found |= (substation == pk) & (at < grid.kept_from[pk])
    return found


def _channel(cells: pd.Series, channel: Channel, plan: ImportPlan, header: str, judge: RowJudgement) -> FloatArray:
    choice = plan.choices[header]
    read = to_numbers(cells, plan.decimal)
    values, scale, offset = read.values, choice.get("scale", 1.0), choice.get("offset", 0.0)
    if (scale, offset) != (1.0, 0.0):
        values = values * scale + offset
    if channel.name == "power_factor":  # 1.001 is the rounding of a meter, not an error
        values = np.where(np.abs(values) <= PF_ROUNDING, np.clip(values, -1, 1), values)
    outside = (values < channel.low) | (values > channel.high)
    if not outside.any() and not read.garbled.any():
        return values
    text = cells.to_numpy(object)
    complain = judge.complain if plan.strict else judge.note
    complain(read.garbled, header, text, f"a number in {channel.unit}" if channel.unit else "a number")
    bounds = f"{channel.low:,.10g} to {channel.high:,.10g} {channel.unit}".strip()
    complain(outside, header, text, f"{channel.label}: {bounds}")
    return np.where(outside, np.nan, values)
