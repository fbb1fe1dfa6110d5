"""Local times of a file → UTC: the zone that a cell, the file, a person or the substation names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from ingestion.exports import zones
from ingestion.exports.answers import ExportAnswers, ExportQuestion
from ingestion.exports.shapes import Shaped
from ingestion.exports.stations import Known, nobody
from ingestion.timestamps import TimeArray, to_utc

NAT = np.datetime64("NaT", "us")


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


def _zone_question() -> ExportQuestion:
    return ExportQuestion("time_zone", "No time zone is named, neither in the file nor with it.")


def from_local(
    local: TimeArray, zone_texts: Sequence[str], shape: Shaped, answers: ExportAnswers, clock: Clock,
    questions: list[ExportQuestion], counted: str,
) -> Instants:  # fmt: skip
    """Local clocks → UTC: the cell's own zone, else what header or format say, else what was answered."""
    said = zones.zone_in(shape.stamp_header) or zones.zone_in(shape.stamp_unit) or clock.said
    at = np.full(len(local), NAT)
    stations = shape.stations or [answers.substation or clock.station] * len(local)
    groups = np.unique(np.array(stations, dtype=object).astype(str), return_inverse=True)[1]
    rows_of: dict[tuple[str, str], list[int]] = {}
    for n, (text, station) in enumerate(zip(zone_texts, stations, strict=True)):
        if not np.isnat(local[n]):
            rows_of.setdefault((text or said, station), []).append(n)
    for (text, station), numbers in rows_of.items():
        zone, question = _zone(text, station, answers, clock)
        questions = [*questions, question] if question else questions
        rows = np.array(numbers)
        at[rows] = _utc(local[rows], zone, groups[rows].astype(np.int64))
    in_utc = bool(set(zone_texts) - {""}) or bool(said)
    return Instants(at, _once(questions), said or answers.time_zone, counted, in_utc)


def _zone(text: str, station: str, answers: ExportAnswers, clock: Clock) -> tuple[tzinfo | None, ExportQuestion | None]:
    """The clock of some rows: what the file says, else what was answered, else the substation's own, else asked."""
    if text:
        zone = zones.zone_of(text, answers.time_zone)
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
