"""The time columns of a table → UTC, with what has to be asked about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from ingestion.exports import counted_times, moments
from ingestion.exports.answers import ExportAnswers, ExportQuestion
from ingestion.exports.date_orders import date_order
from ingestion.exports.figures import parts_of, to_float
from ingestion.exports.file_clock import NAT, Clock, Instants, from_local
from ingestion.exports.moments import DateText
from ingestion.exports.shapes import Shaped
from ingestion.exports.times_of_day import seconds_of_day


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
        return Instants(np.full(count, NAT), [ExportQuestion("time", text)])
    try:
        start = datetime.fromisoformat(answers.start.replace("Z", "+00:00"))
    except ValueError:
        text = f"The start “{answers.start}” is no time; expected ISO 8601 such as 2025-01-01T00:00."
        return Instants(np.full(count, NAT), [ExportQuestion("time", text)])
    steps = (_slots(shape, clock) * answers.interval_s * 1_000_000).astype("timedelta64[us]")
    if start.tzinfo is not None:
        return Instants(np.datetime64(start.astimezone(UTC).replace(tzinfo=None), "us") + steps, [], "UTC")
    local = np.full(count, np.datetime64(start, "us"))
    begun = from_local(local, [""] * count, shape, answers, clock, [], "")
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


def _by_number(shape: Shaped, answers: ExportAnswers, clock: Clock) -> Instants | None:
    stamps = shape.stamps or []
    sign = "," if any(re.fullmatch(r"\d+,\d{4,}", s) for s in stamps) else "."
    values = [
        to_float(found.number, sign) if (found := parts_of(text)) and not found.tail else float("nan")
        for text in stamps
    ]
    way = counted_times.counted_way(values, clock.now)
    if not way:
        if any(v == v for v in values):
            shown = next(s for s, v in zip(stamps, values, strict=True) if v == v)
            text = f"“{shape.stamp_header}” holds numbers such as {shown} that are no past time. How do they count?"
            return Instants(np.full(len(values), NAT), [ExportQuestion("time", text, shape.stamp_header)])
        return None
    at = np.array(
        [np.datetime64(counted_times.counted(v, way).replace(tzinfo=None), "us") if v == v else NAT for v in values]
    )
    if counted_times.is_utc(way):
        return Instants(at, [], "UTC", way, True)
    return from_local(at, [""] * len(at), shape, answers, clock, [], way)


def _by_date(shape: Shaped, dates: Sequence[DateText | None], answers: ExportAnswers, clock: Clock) -> Instants:
    known = [d for d in dates if d is not None]
    order, questions = date_order(known, shape, answers, clock)
    days = [moments.in_order(d.parts, order) if d and d.parts else None for d in dates]
    seconds, more = seconds_of_day(shape, dates, answers)
    questions += more
    local = np.full(len(dates), NAT)
    for n, (day, second) in enumerate(zip(days, seconds, strict=True)):
        if day is not None and second is not None:
            local[n] = np.datetime64(day + timedelta(seconds=second), "us")
    zones = [d.zone if d else "" for d in dates]
    if shape.clocks is not None:
        zones = [z or _zone_of_clock(c) for z, c in zip(zones, shape.clocks, strict=True)]
    if shape.offsets is not None:
        zones = [z or offset for z, offset in zip(zones, shape.offsets, strict=True)]
    found = from_local(local, zones, shape, answers, clock, questions, "")
    found.order = order
    return found


def _zone_of_clock(text: str) -> str:
    match = re.search(r"(Z|UTC|[+-]\d{2}:?\d{2})$", text)
    return match[1] if match else ""
