"""A line per day, with a column per time of day or interval → a row per time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestion.exports.meaning import Meaning
from ingestion.exports.meanings import meaning_of
from ingestion.exports.shapes import Series, Shaped
from ingestion.exports.table_rows import Columns

DAY_COLUMNS = 12  # fewer times of day in a header are no day
# Elexon and the UK's half-hourly files: active and reactive, import and export.
_MEASUREMENTS = {
    "AI": "active import kWh",
    "AE": "active export kWh",
    "RI": "reactive import kvarh",
    "RE": "reactive export kvarh",
}


def day_slots(headers: Sequence[str]) -> dict[int, str]:
    """The columns that are times of the day or numbers of intervals, with the text of each."""
    clocks = {
        n: re.split(r"\s*-\s*", h)[0]
        for n, h in enumerate(headers)
        if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?(\s*-\s*.+)?", h)
    }
    if len(clocks) >= DAY_COLUMNS:
        return clocks
    numbered: dict[int, str] = {}
    for n, header in enumerate(headers):
        match = re.fullmatch(r"(?i)(?:h|hh|b|blk|block|p|sp|int|interval|t|q|period|hour|v)?[\s_]?(\d{1,3})", header)
        if match and int(match[1]) == len(numbered) + (
            0 if numbered and min(int(x) for x in numbered.values()) == 0 else 1
        ):
            numbered[n] = match[1]
    return numbered if len(numbered) in (24, 48, 96, 144, 288) else {}


def unrolled(table: Columns, meanings: Sequence[Meaning], slots: dict[int, str]) -> Shaped:
    """One row per day and slot; ``slots`` are the columns of the day with their text."""
    date = next((n for n, m in enumerate(meanings) if m.role in ("date", "timestamp")), -1)
    tags = [n for n, m in enumerate(meanings) if m.role == "tag" and n not in slots]
    units = [n for n, m in enumerate(meanings) if m.role == "unitname" and n not in slots]
    station = next((n for n, m in enumerate(meanings) if m.role == "station" and n not in slots), -1)
    by_clock = ":" in next(iter(slots.values()))
    keys: dict[tuple[str, str, str], int] = {}
    found: dict[str, dict[int, str]] = {}
    named: dict[str, Meaning] = {}
    lines: list[int] = []
    for row, line in zip(table.rows, table.lines, strict=True):
        tag = " ".join(row[n] for n in tags if row[n])
        unit = next((row[n] for n in units), "") or _unit_of_preamble(table)
        label = tag or unit or table.name or "value"
        named.setdefault(label, replace(meaning_of(_MEASUREMENTS.get(tag.upper(), tag), unit), header=label))
        for position, slot in slots.items():
            key = (row[station] if station >= 0 else "", row[date] if date >= 0 else "", slot)
            if key not in keys:
                keys[key] = len(keys)
                lines.append(line)
            found.setdefault(label, {})[keys[key]] = row[position]
    series = [Series(named[t], [cells.get(n, "") for n in range(len(keys))]) for t, cells in found.items()]
    out = Shaped("days", series, lines, block_name="block")
    out.stamps = [day for _s, day, _t in keys] if date >= 0 else None
    out.clocks, out.blocks = ([t for *_x, t in keys], None) if by_clock else (None, [t for *_x, t in keys])
    out.stations = [s for s, *_x in keys] if station >= 0 else None
    out.interval_s = 86_400 // len(slots)
    out.stamp_header = table.headers[date] if date >= 0 else ""
    return out


def _unit_of_preamble(table: Columns) -> str:
    for row in table.preamble:
        match = re.search(r"(?i)\b(?:uom|units?|einheit|unite|unidad)\b\s*[:=]?\s*([^\s,;]+)?", " ".join(row))
        if match and match[1]:
            return match[1]
    return ""
