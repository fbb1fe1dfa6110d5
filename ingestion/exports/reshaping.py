"""Layouts → one row per time: historian lines gathered, days unrolled, bad quality blanked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ingestion.exports.answers import ExportAnswers
from ingestion.exports.figures import cleaned
from ingestion.exports.header_lines import Columns, meanings_of
from ingestion.exports.meanings import Meaning, meaning_of
from ingestion.exports.moments import read_clock, read_date

DAY_COLUMNS = 12  # fewer times of day in a header are no day
# Elexon and the UK's half-hourly files: active and reactive, import and export.
_MEASUREMENTS = {
    "AI": "active import kWh",
    "AE": "active export kWh",
    "RI": "reactive import kvarh",
    "RE": "reactive export kvarh",
}
_GOOD = re.compile(
    r"good|ok|valid|true|yes|normal|actual|a|v|g|measured|192|0x0*c0|gut|bon|buena?|buono|gultig|高质量|好|良好|正常|अच्छा"
)
_BAD = re.compile(
    r"bad|invalid|uncertain|questionable|suspect|error|fault|fail(ed|ure)?|comm.*|no ?data|missing|false|no|stale|"
    r"offline|"
    r"out ?of ?service|not ?connected|disconnected|timeout|i/o.*|"
    r"schlecht|ungultig|unsicher|mauvais|invalide|mal[ao]|坏|差|无效|n|u|e|0x0+|b|i"
)


@dataclass(slots=True)
class Series:
    """One column of a table with a row per time."""

    meaning: Meaning
    cells: list[str]

    @property
    def header(self) -> str:
        return self.meaning.header


@dataclass(slots=True)
class Shaped:
    """Rows of one time each. Times as text: ``stamps`` with a date, ``clocks`` beside a bare date, or ``blocks``."""

    layout: str
    series: list[Series]
    lines: list[int]
    stamps: list[str] | None = None
    clocks: list[str] | None = None
    blocks: list[str] | None = None
    block_name: str = ""
    stations: list[str] | None = None
    stamp_header: str = ""
    other: list[Meaning] = field(default_factory=list)
    interval_s: int = 0


def shaped(table: Columns, answers: ExportAnswers) -> Shaped:
    """The table as rows of one time each."""
    meanings = [_answered(m, answers) for m in meanings_of(table)]
    slots = _day_slots(table.headers)
    if len(slots) >= DAY_COLUMNS:
        return _unrolled(table, meanings, slots)
    roles = Counter(m.role for m in meanings)
    if roles["tag"] and (roles["value"] or any(m.has("value") and m.kind for m in meanings)):
        return _gathered(table, meanings)
    return _wide(table, meanings)


def _answered(meaning: Meaning, answers: ExportAnswers) -> Meaning:
    said = answers.columns.get(meaning.header)
    if said is None or said.quantity is None:
        return meaning
    roles = {"timestamp": "timestamp", "date": "date", "time": "clock", "substation": "station", "": "ignored"}
    if said.quantity in roles:
        return replace(meaning, kind="", role=roles[said.quantity], conflict="")
    named = meaning_of(said.quantity, said.unit)
    return replace(named, header=meaning.header, conflict="", rest=(), role="answered:" + said.quantity)


def _day_slots(headers: Sequence[str]) -> dict[int, str]:
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


def _unrolled(table: Columns, meanings: Sequence[Meaning], slots: dict[int, str]) -> Shaped:
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


def _gathered(table: Columns, meanings: Sequence[Meaning]) -> Shaped:
    """Lines of (tag, time, value) → a column per tag."""
    place = {m.role: n for n, m in reversed(list(enumerate(meanings))) if m.role}
    value = place.get("value", next((n for n, m in enumerate(meanings) if m.has("value") and m.kind), -1))
    tags = [n for n, m in enumerate(meanings) if m.role == "tag"]
    shape = _times(table, meanings)
    width = _times_width(shape)
    written = meanings[value].unit
    value_unit = written.name if written else ""
    keys: dict[tuple[str, ...], int] = {}
    found: dict[tuple[str, str], dict[int, str]] = {}
    lines: list[int] = []
    quality = place.get("quality", -1)
    good = _good_of([row[quality] for row in table.rows]) if quality >= 0 else None
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
    series = [
        Series(meaning_of(tag, unit), [cells.get(n, "") for n in range(count)]) for (tag, unit), cells in found.items()
    ]
    out = Shaped("long", series, lines, stations=[k[0] for k in keys] if "station" in place else None)
    texts = [[key[1 + part] for key in keys] for part in range(len(width))]
    out.stamps, out.stamp_header = (texts[0] if texts else None), shape.stamp_header
    if shape.clocks is not None and len(texts) > 1:
        out.clocks = texts[1]
    return out


def _times_width(shape: Shaped) -> list[list[str]]:
    return [part for part in (shape.stamps, shape.clocks) if part is not None]


def _wide(table: Columns, meanings: Sequence[Meaning]) -> Shaped:
    out = _times(table, meanings)
    place = {m.role: n for n, m in reversed(list(enumerate(meanings))) if m.role}
    out.layout = "wide"
    if "station" in place:
        named = [n for n, m in enumerate(meanings) if m.role == "station"]
        # Of several such columns (site, feeder, meter) the one with the most different names tells the meters apart.
        best = max(named, key=lambda n: (len(set(table.column(n))), -n))
        out.stations = table.column(best)
    quality = _qualities(table, meanings)
    for n, meaning in enumerate(meanings):
        if meaning.kind or meaning.role in ("", "value") or meaning.role.startswith("answered:"):
            cells = table.column(n)
            good = quality.get(n)
            out.series.append(
                Series(meaning, [c if ok else "" for c, ok in zip(cells, good, strict=True)] if good else cells)
            )
        else:
            out.other.append(meaning)
    return out


def _qualities(table: Columns, meanings: Sequence[Meaning]) -> dict[int, list[bool]]:
    """For each column where its cells are good: by the quality column that names it or follows it, or the only one."""
    found: dict[int, list[bool]] = {}
    quality = [n for n, m in enumerate(meanings) if m.role == "quality"]
    valued = [n for n, m in enumerate(meanings) if m.kind or m.role.startswith("answered:")]
    for n in quality:
        good = _good_of(table.column(n))
        if good is None:
            continue
        # One for the whole line, or one behind each quantity.
        of_all = len(quality) == 1 and not any(_names(meanings[n].header, meanings[v].header) for v in valued)
        for v in valued:
            if of_all or _names(meanings[n].header, meanings[v].header) or (len(quality) > 1 and v == n - 1):
                before = found.get(v, good)
                found[v] = [a and b for a, b in zip(before, good, strict=True)]
    return found


def _names(quality: str, header: str) -> bool:
    return header.casefold() in quality.casefold()


def _good_of(cells: Sequence[str]) -> list[bool] | None:
    """Which cells of a quality column say good; None if the column cannot be read as a quality."""
    texts = [re.sub(r"\.0+$", "", cleaned(c).lower().strip()) for c in cells]
    usual, _ = Counter(t for t in texts if t).most_common(1)[0] if any(texts) else ("", 0)
    numeric = [t for t in texts if re.fullmatch(r"\d+", t)]
    if numeric and len(numeric) * 2 > len(texts):
        values = {int(t) for t in numeric}
        if max(values) >= 192:  # OPC: the two highest bits of eight say good
            return [not t.isdigit() or (int(t) & 192) == 192 for t in texts]
        if usual == "0" and 1 in values and len(values) == 2 and texts.count("0") < 3 * texts.count("1"):
            return None
        return [not t or t == usual for t in texts]
    known = [bool(_GOOD.match(t)) or bool(_BAD.fullmatch(t)) for t in texts if t]
    if not known or sum(known) * 2 < len(known):
        return None
    good_e = "e" in texts and usual in ("a", "e")  # estimated by the meter's reader, as actual ones are
    return [
        not t
        or bool(_GOOD.fullmatch(t))
        or (t[:4] in ("good", "gut,"))
        or (t == "e" and good_e)
        or not _BAD.fullmatch(t)
        for t in texts
    ]


def _times(table: Columns, meanings: Sequence[Meaning]) -> Shaped:
    """Which columns hold the time, by their names and by what stands in them."""
    out = Shaped("wide", [], list(table.lines))
    names = {role: n for n, m in reversed(list(enumerate(meanings))) if (role := m.role)}
    if "year" in names and ("month_day" in names or "month_part" in names):
        return _dated_by_parts(table, out, names)
    full = [
        n
        for role in ("start", "timestamp", "date", "clock", "end")
        if (n := names.get(role, -1)) >= 0 and _holds(table, n, "stamp")
    ]
    dated = [
        n
        for role in ("date", "start", "timestamp", "end")
        if (n := names.get(role, -1)) >= 0 and _holds(table, n, "date")
    ]
    timed = [
        n
        for role in ("start", "clock", "timestamp", "end")
        if (n := names.get(role, -1)) >= 0 and _holds(table, n, "clock")
    ]
    if dated and timed and (not full or names.get("date", -1) in dated):
        out.stamps, out.clocks, out.stamp_header = (
            table.column(dated[0]),
            table.column(timed[0]),
            table.headers[dated[0]],
        )
        if (
            not any(table.headers[timed[0]].lower().endswith(u) for u in ("_ms",))
            and len(timed) > 1
            and names.get("start") is None
        ):
            out.clocks = table.column(names.get("clock", timed[0]))
    elif full:
        out.stamps, out.stamp_header = table.column(full[0]), table.headers[full[0]]
    elif dated and "block" in names:
        out.stamps, out.blocks, out.stamp_header = (
            table.column(dated[0]),
            table.column(names["block"]),
            table.headers[dated[0]],
        )
        out.block_name = table.headers[names["block"]]
    elif dated:
        out.stamps, out.stamp_header = table.column(dated[0]), table.headers[dated[0]]
    else:
        _time_without_name(table, meanings, out, names)
    return out


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
    years = table.column(names["year"])
    if "month_day" in names:
        days = [c.zfill(4) for c in table.column(names["month_day"])]
    else:
        days = [
            m.zfill(2) + d.zfill(2)
            for m, d in zip(
                table.column(names["month_part"]),
                table.column(names.get("day_part", names.get("date", 0))),
                strict=True,
            )
        ]
    out.stamps = [f"{y}-{d[:2]}-{d[2:]}" for y, d in zip(years, days, strict=True)]
    clock = names.get("hour_minute", names.get("clock", -1))
    if clock >= 0:
        cells = table.column(clock)
        out.clocks = [c.zfill(4) if c.isdigit() else c for c in cells]
    out.stamp_header = table.headers[names["year"]]
    return out


def _holds(table: Columns, position: int, what: str) -> bool:
    """True if the cells of a column are moments, bare dates or times of day."""
    cells = [cleaned(row[position]) for row in table.rows[:400] if row[position]]
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
