"""Which columns of a table hold the time: in one, as date and time of day, with a number of the interval, in parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.exports.figures import cleaned
from ingestion.exports.meaning import Meaning
from ingestion.exports.moments import read_clock, read_date
from ingestion.exports.shapes import Shaped
from ingestion.exports.table_rows import Columns

_MAX_HOURS = 14  # IANA: the largest offset; a number up to it that is no quarter counts hours
LOOKED_AT_ROWS = 400  # chosen: enough to know what a column holds


def times_of(table: Columns, meanings: Sequence[Meaning]) -> Shaped:
    """Which columns hold the time, by their names and by what stands in them."""
    out = Shaped("wide", [], list(table.lines))
    names = {role: n for n, m in reversed(list(enumerate(meanings))) if (role := m.role)}
    if "year" in names and ("month_day" in names or "month_part" in names):
        return _dated_by_parts(table, out, names)

    def holding(what: str, *roles: str) -> list[int]:
        return [n for role in roles if (n := names.get(role, -1)) >= 0 and _holds(table, n, what)]

    full = holding("stamp", "start", "timestamp", "date", "clock", "end")
    dated = holding("date", "date", "start", "timestamp", "end")
    timed = holding("clock", "start", "clock", "timestamp", "end")
    if dated and timed and (not full or names.get("date", -1) in dated):
        _stamp(table, out, dated[0])
        clock = names["clock"] if names.get("clock") in timed and "start" not in names else timed[0]
        out.clocks, out.clock_header = table.column(clock), table.headers[clock]
    elif full:
        _stamp(table, out, full[0])
    elif dated and "block" in names:
        _stamp(table, out, dated[0])
        out.blocks, out.block_name = table.column(names["block"]), table.headers[names["block"]]
    elif dated:
        _stamp(table, out, dated[0])
    else:
        _time_without_name(table, meanings, out, names)
    if "utcoffset" in names:
        out.offsets = [_offset(cell) for cell in table.column(names["utcoffset"])]
    return out


def _offset(cell: str) -> str:
    """Minutes (or hours up to 14) east of UTC as an offset; "" where the cell holds none."""
    text = cleaned(cell)
    if not re.fullmatch(r"[+-]?\d{1,3}", text):
        return text if re.fullmatch(r"[+-]\d{1,2}:\d{2}", text) else ""
    minutes = int(text) * (60 if abs(int(text)) <= _MAX_HOURS and int(text) % 15 else 1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _stamp(table: Columns, out: Shaped, position: int) -> None:
    out.stamps, out.stamp_header = table.column(position), table.headers[position]


def _time_without_name(table: Columns, meanings: Sequence[Meaning], out: Shaped, names: dict[str, int]) -> None:
    """A column of numbers that is named as a time, or one whose cells all are dates."""
    named = [n for role in ("start", "timestamp", "date", "clock", "end") if (n := names.get(role, -1)) >= 0]
    if named:
        out.stamps, out.stamp_header = table.column(named[0]), table.headers[named[0]]
        return
    for n, meaning in enumerate(meanings):
        if not meaning.kind and _holds(table, n, "stamp"):
            out.stamps, out.stamp_header = table.column(n), table.headers[n]
            return


def _dated_by_parts(table: Columns, out: Shaped, names: dict[str, int]) -> Shaped:
    """Year, month and day in columns of their own, or month and day in one; the hour and minute likewise."""
    years = table.column(names["year"])
    if "month_day" in names:
        days = [c.zfill(4) for c in table.column(names["month_day"])]
    else:
        day = next((names[role] for role in ("day_part", "date", "tag") if role in names), 0)  # "Tag" is German for day
        parts = zip(table.column(names["month_part"]), table.column(day), strict=True)
        days = [m.zfill(2) + d.zfill(2) for m, d in parts]
    out.stamps = [f"{y}-{d[:2]}-{d[2:]}" for y, d in zip(years, days, strict=True)]
    clock = names.get("hour_minute", names.get("clock", -1))
    if clock >= 0:
        cells = table.column(clock)
        out.clocks = [c.zfill(4) if c.isdigit() else c for c in cells]
    elif hour := _hour_column(names):
        hours = table.column(hour)
        minutes = table.column(names["minute_part"]) if "minute_part" in names else ["0"] * len(hours)
        out.clocks = [f"{h}:{m.zfill(2)}" for h, m in zip(hours, minutes, strict=True)]
    out.stamp_header = table.headers[names["year"]]
    return out


def _hour_column(names: dict[str, int]) -> int:
    """The column of the hour; one that may number intervals as well is an hour beside minutes. 0 if there is none."""
    return names.get("hour_part", names.get("block", 0) if "minute_part" in names else 0)


def _holds(table: Columns, position: int, what: str) -> bool:
    """True if the cells of a column are moments, bare dates or times of day."""
    cells = [cleaned(row[position]) for row in table.rows[:LOOKED_AT_ROWS] if row[position]]
    if not cells:
        return False
    hits = 0
    for cell in cells:
        found = read_date(cell)
        if what == "clock":
            hits += found is None and read_clock(cell) is not None
        else:
            hits += found is not None and (found.clock_s is not None) == (what == "stamp")
    # A midnight without a time of day is customary in spreadsheets.
    return hits * 2 > len(cells) or (what == "stamp" and hits > 0 and hits * 10 > len(cells))
