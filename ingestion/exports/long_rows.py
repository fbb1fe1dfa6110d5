"""Lines of tag, time, value and quality, as historians write them → a column per tag."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.exports.meaning import Meaning
from ingestion.exports.quality_columns import doubt_about, good_cells
from ingestion.exports.shapes import Series, Shaped
from ingestion.exports.table_meanings import meanings_together
from ingestion.exports.table_rows import Columns
from ingestion.exports.time_columns import times_of


def gathered(table: Columns, meanings: Sequence[Meaning]) -> Shaped:
    """Lines of (tag, time, value) → a column per tag."""
    place = {m.role: n for n, m in reversed(list(enumerate(meanings))) if m.role}
    value = place.get("value", next((n for n, m in enumerate(meanings) if m.has("value") and m.kind), -1))
    tags = [n for n, m in enumerate(meanings) if m.role == "tag"]
    shape = times_of(table, meanings)
    width = _times_width(shape)
    written = meanings[value].unit
    value_unit = written.name if written else ""
    keys: dict[tuple[str, ...], int] = {}
    found: dict[tuple[str, str], dict[int, str]] = {}
    lines: list[int] = []
    quality = place.get("quality", -1)
    good = good_cells([row[quality] for row in table.rows]) if quality >= 0 else None
    for n, (row, line) in enumerate(zip(table.rows, table.lines, strict=True)):
        station = row[place["station"]] if "station" in place else ""
        key = (station, *(part[n] for part in width))
        tag = " ".join(dict.fromkeys(row[t] for t in tags if row[t]))
        if key not in keys:
            keys[key] = len(keys)
            lines.append(line)
        cell = row[value] if good is None or good[n] else ""
        unit = row[place["unitname"]] if "unitname" in place else value_unit
        found.setdefault((tag, unit), {})[keys[key]] = cell
    count = len(keys)
    meant = meanings_together([tag for tag, _unit in found], [unit for _tag, unit in found])
    series = [
        Series(meaning, [cells.get(n, "") for n in range(count)])
        for meaning, cells in zip(meant, found.values(), strict=True)
    ]
    doubt = None
    if good is None and quality >= 0:
        doubt = doubt_about(table.headers[quality], meanings[quality], table.column(quality))
    out = Shaped("long", series, lines, stations=[k[0] for k in keys] if "station" in place else None)
    out.doubts = [doubt] if doubt is not None else []
    texts = [[key[1 + part] for key in keys] for part in range(len(width))]
    out.stamps, out.stamp_header = (texts[0] if texts else None), shape.stamp_header
    if shape.clocks is not None and len(texts) > 1:
        out.clocks = texts[1]
    return out


def _times_width(shape: Shaped) -> list[list[str]]:
    return [part for part in (shape.stamps, shape.clocks) if part is not None]
