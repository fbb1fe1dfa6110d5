"""The time columns of a table → UTC, with what has to be asked about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from ingestion.exports import moments
from ingestion.exports.answers import ExportAnswers, ExportQuestion
from ingestion.exports.figures import parts_of, to_float
from ingestion.exports.moments import DateText
from ingestion.exports.shapes import Shaped
from ingestion.exports.stations import Known, nobody
from ingestion.timestamps import TimeArray, to_utc

_NAT = np.datetime64("NaT", "us")
# CERC (India) counts 96 blocks of 15 minutes, the UK 48 settlement periods of 30.
# chosen: a daily, weekly or late export begins this near to the newest reading; a wrong order is a month away.
FOLLOWS_WITHIN_DAYS = 7
_HALF_HOURS = re.compile(r"(?i)settlement|half|^sp$|^hh$")


@dataclass(slots=True)
class Instants:
    """``at`` [row] in UTC, NaT where unreadable; the zone that was used and where it came from."""

    at: TimeArray
    questions: list[ExportQuestion] = field(default_factory=list)
    zone: str = ""
    counted: str = ""
    in_utc: bool = False
    order: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of the clock apart from the cells: the present, and zones that the file or the format names."""

    now: datetime
    said: str = ""
    comma_language: bool = False
    decimal: str = "."
    known: Known = nobody
    lost_lines: tuple[int, ...] = ()
    station: str = ""  # of the headers, where no column and nobody names one


def instants(shape: Shaped, answers: ExportAnswers, clock: Clock) -> Instants:
    """When each row was measured."""
    if shape.stamps is None:
        return _counted_from_start(answers, shape, clock)
    dates = [moments.read_date(text) if text else None for text in shape.stamps]
    filled = sum(bool(text) for text in shape.stamps)
    if sum(d is not None for d in dates) * 2 < filled:
        by_number = _by_number(shape, answers, clock)
        if by_number is not None:
            return by_number
    return _by_date(shape, dates, answers, clock)


def _counted_from_start(answers: ExportAnswers, shape: Shaped, clock: Clock) -> Instants:
    count = len(shape.lines)
    if not (answers.start and answers.interval_s):
        text = "No column holds the time. When was the first row measured, and how far apart are the rows?"
        return Instants(np.full(count, _NAT), [ExportQuestion("time", text)])
    try:
        start = datetime.fromisoformat(answers.start.replace("Z", "+00:00"))
    except ValueError:
        text = f"The start “{answers.start}” is no time; expected ISO 8601 such as 2025-01-01T00:00."
        return Instants(np.full(count, _NAT), [ExportQuestion("time", text)])
    steps = (_slots(shape, clock) * answers.interval_s * 1_000_000).astype("timedelta64[us]")
    if start.tzinfo is not None:
        return Instants(np.datetime64(start.astimezone(UTC).replace(tzinfo=None), "us") + steps, [], "UTC")
    local = np.full(count, np.datetime64(start, "us"))
    begun = _from_local(local, [""] * count, shape, answers, clock, [], "")
    begun.at = begun.at + steps
    return begun


def _slots(shape: Shaped, clock: Clock) -> np.ndarray:
    """The number of each row within its station; a line that could not be split still was a reading."""
    stations = shape.stations or [""] * len(shape.lines)
    order = sorted([(line, n) for n, line in enumerate(shape.lines)] + [(line, -1) for line in clock.lost_lines])
    seen: dict[str, int] = {}
    slots, before = np.zeros(len(stations), dtype=np.int64), ""
    for _line, n in order:
        before = stations[n] if n >= 0 else before
        if n >= 0:
            slots[n] = seen.get(before, 0)
        seen[before] = seen.get(before, 0) + 1
    return slots


def _zone_question() -> ExportQuestion:
    return ExportQuestion("time_zone", "No time zone is named, neither in the file nor with it.")


def _by_number(shape: Shaped, answers: ExportAnswers, clock: Clock) -> Instants | None:
    stamps = shape.stamps or []
    sign = "," if any(re.fullmatch(r"\d+,\d{4,}", s) for s in stamps) else "."
    values = [
        to_float(found.number, sign) if (found := parts_of(text)) and not found.tail else float("nan")
        for text in stamps
    ]
    way = moments.counted_way(values, clock.now)
    if not way:
        if any(v == v for v in values):
            shown = next(s for s, v in zip(stamps, values, strict=True) if v == v)
            text = f"“{shape.stamp_header}” holds numbers such as {shown} that are no past time. How do they count?"
            return Instants(np.full(len(values), _NAT), [ExportQuestion("time", text, shape.stamp_header)])
        return None
    at = np.array(
        [np.datetime64(moments.counted(v, way).replace(tzinfo=None), "us") if v == v else _NAT for v in values]
    )
    if moments.is_utc(way):
        return Instants(at, [], "UTC", way, True)
    return _from_local(at, [""] * len(at), shape, answers, clock, [], way)


def _by_date(shape: Shaped, dates: Sequence[DateText | None], answers: ExportAnswers, clock: Clock) -> Instants:
    known = [d for d in dates if d is not None]
    order, questions = _order(known, shape, answers, clock)
    days = [moments.in_order(d.parts, order) if d and d.parts else None for d in dates]
    seconds, more = _seconds(shape, dates, answers)
    questions += more
    local = np.full(len(dates), _NAT)
    for n, (day, second) in enumerate(zip(days, seconds, strict=True)):
        if day is not None and second is not None:
            local[n] = np.datetime64(day + timedelta(seconds=second), "us")
    zones = [d.zone if d else "" for d in dates]
    if shape.clocks is not None:
        zones = [z or _zone_of_clock(c) for z, c in zip(zones, shape.clocks, strict=True)]
    if shape.offsets is not None:
        zones = [z or offset for z, offset in zip(zones, shape.offsets, strict=True)]
    found = _from_local(local, zones, shape, answers, clock, questions, "")
    found.order = order
    return found


def _zone_of_clock(text: str) -> str:
    match = re.search(r"(Z|UTC|[+-]\d{2}:?\d{2})$", text)
    return match[1] if match else ""


def _order(
    known: Sequence[DateText], shape: Shaped, answers: ExportAnswers, clock: Clock
) -> tuple[str, list[ExportQuestion]]:
    if sum(d.year_parts[0] for d in known) * 2 > len(known):
        return "ymd", []  # four digits first leave nothing open, whatever was said of the order
    if answers.date_order:
        return answers.date_order, []
    orders = moments.possible_orders(known, clock.now, comma_language=clock.comma_language or clock.decimal == ",") or [
        "ymd" if any(d.year_parts[0] for d in known) else "dmy"
    ]
    hint = _order_in_header(shape.stamp_header) or _order_in_header(shape.stamp_unit)
    if hint in orders:
        return hint, []
    orders = moments.by_steps(known, orders)
    if len(orders) > 1 and clock.comma_language and "mdy" in orders:
        orders = [each for each in orders if each != "mdy"]
    if len({moments.in_order(d.parts, each) for d in known if d.parts for each in orders}) == len(
        {d.parts for d in known}
    ):
        return orders[0], []
    if len(orders) > 1:
        orders = _following(known, orders, shape, answers, clock)
    if len(orders) == 1:
        return orders[0], []
    shown = next((s for s in shape.stamps or [] if s), "")
    named = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
    text = f"Is “{shown}” written {' or '.join(named[each] for each in orders)}? Every date of the file fits both."
    return orders[0], [ExportQuestion("date_order", text, shape.stamp_header, tuple(orders))]


def _following(
    known: Sequence[DateText], orders: Sequence[str], shape: Shaped, answers: ExportAnswers, clock: Clock
) -> list[str]:
    """The orders under which the file follows on the newest reading of its substation, if some do and others do not."""
    names = {answers.substation} if answers.substation else set(shape.stations or (clock.station,))
    newest = [r.newest for name in names if (r := clock.known(name)) is not None and r.newest is not None]
    if not newest:
        return list(orders)
    before = max(newest).astype("datetime64[D]")
    distance = {}
    for order in orders:
        days = [np.datetime64(day, "D") for d in known if d.parts and (day := moments.in_order(d.parts, order))]
        distance[order] = abs((min(days) - before).astype(int)) if days else 10_000
    near = [order for order in orders if distance[order] <= FOLLOWS_WITHIN_DAYS]
    far = [order for order in orders if distance[order] > 4 * FOLLOWS_WITHIN_DAYS]
    return near if len(near) == 1 and len(near) + len(far) == len(orders) else list(orders)


def _order_in_header(header: str) -> str:
    match = re.search(r"(?i)\b([dmyjat]{2,4})[-/. ]?([dmyjat]{2,4})[-/. ]?([yjat]{2,4}|d{1,2})\b", header)
    letters = "".join(part[0].lower() for part in match.groups()) if match else ""
    return {
        "dmy": "dmy",
        "mdy": "mdy",
        "ymd": "ymd",
        "tmj": "dmy",
        "jmt": "ymd",
        "jma": "dmy",
        "dma": "dmy",
        "mda": "mdy",
        "amd": "ymd",
    }.get(letters, "")


def _seconds(
    shape: Shaped, dates: Sequence[DateText | None], answers: ExportAnswers
) -> tuple[list[float | None], list[ExportQuestion]]:
    """The time of day of each row: of a column of its own, of a numbered interval, or of the date's text."""
    if shape.clocks is not None:
        plain = [re.sub(r"\s*(Z|UTC|[+-]\d{2}:?\d{2})$", "", text) for text in shape.clocks]
        return [moments.read_clock(text) if text else None for text in plain], []
    if shape.blocks is not None:
        return _of_blocks(shape, answers)
    some = any(d is not None and d.clock_s is not None for d in dates)
    bare = sum(1 for d in dates if d is not None and d.clock_s is None)
    if not some and len({d.parts for d in dates if d}) < bare:
        text = f"“{shape.stamp_header}” holds dates without a time of day. Which column tells the time?"
        return [None] * len(dates), [ExportQuestion("time", text, shape.stamp_header)]
    # Spreadsheets leave midnight out; many bare dates of one day are totals, not readings.
    return [None if d is None else d.clock_s or 0.0 for d in dates], []


def _of_blocks(shape: Shaped, answers: ExportAnswers) -> tuple[list[float | None], list[ExportQuestion]]:
    numbers = [int(m[0]) if (m := re.search(r"\d+", text)) else None for text in shape.blocks or []]
    ranged = [re.match(r"(\d{1,2}:\d{2})\s*-", text) for text in shape.blocks or []]
    if all(ranged) and ranged:
        return [moments.read_clock(m[1]) if m else None for m in ranged], []
    known = [n for n in numbers if n is not None]
    top, low = max(known, default=0), min(known, default=1)
    interval, questions = answers.interval_s or shape.interval_s, []
    if not interval:
        interval, sure = _block_interval(top, shape.block_name)
        if not sure:
            text = f"How long is an interval of “{shape.block_name}”? The numbers reach {top}."
            questions = [ExportQuestion("interval", text, shape.block_name, ("900", "1800", "3600"))]
    first = 0 if low == 0 else 1
    return [None if n is None else float((n - first) * interval) for n in numbers], questions


def _block_interval(top: int, name: str) -> tuple[int, bool]:
    if _HALF_HOURS.search(name) and top <= 50:
        return 1800, True
    if re.search(r"(?i)hour|stunde|heure|hora", name) and top <= 25:
        return 3600, True
    if 90 <= top <= 100:
        return 900, True
    if 46 <= top <= 50:
        return 1800, True
    if 23 <= top <= 25:
        return 3600, False
    return 900, 50 < top < 90


def _from_local(
    local: TimeArray, zones: Sequence[str], shape: Shaped, answers: ExportAnswers, clock: Clock,
    questions: list[ExportQuestion], counted: str,
) -> Instants:  # fmt: skip
    """Local clocks → UTC: the cell's own zone, else what header or format say, else what was answered."""
    said = moments.zone_in(shape.stamp_header) or moments.zone_in(shape.stamp_unit) or clock.said
    at = np.full(len(local), _NAT)
    stations = shape.stations or [answers.substation or clock.station] * len(local)
    groups = np.unique(np.array(stations, dtype=object).astype(str), return_inverse=True)[1]
    rows_of: dict[tuple[str, str], list[int]] = {}
    for n, (text, station) in enumerate(zip(zones, stations, strict=True)):
        if not np.isnat(local[n]):
            rows_of.setdefault((text or said, station), []).append(n)
    for (text, station), numbers in rows_of.items():
        zone, question = _zone(text, station, answers, clock)
        questions = [*questions, question] if question else questions
        rows = np.array(numbers)
        at[rows] = _utc(local[rows], zone, groups[rows].astype(np.int64))
    in_utc = bool(set(zones) - {""}) or bool(said)
    return Instants(at, _once(questions), said or answers.time_zone, counted, in_utc)


def _zone(text: str, station: str, answers: ExportAnswers, clock: Clock) -> tuple[tzinfo | None, ExportQuestion | None]:
    """The clock of some rows: what the file says, else what was answered, else the substation's own, else asked."""
    if text:
        zone = moments.zone_of(text, answers.time_zone)
        if zone is not None:
            return zone, None
        if not answers.time_zone:
            return None, ExportQuestion("time_zone", f"“{text}” has several meanings. Which zone is it?")
    if answers.time_zone:
        return ZoneInfo(answers.time_zone), None
    record = clock.known(station)
    return (ZoneInfo(record.zone), None) if record is not None else (None, _zone_question())


def _once(questions: Sequence[ExportQuestion]) -> list[ExportQuestion]:
    return list({(q.about, q.text): q for q in questions}.values())


def _utc(local: TimeArray, zone: tzinfo | None, groups: np.ndarray) -> TimeArray:
    if zone is None or not len(local):
        return local
    offset = zone.utcoffset(None)
    if offset is not None:
        return local - np.timedelta64(round(offset.total_seconds() * 1e6), "us")
    return to_utc(local, str(zone), groups).at
