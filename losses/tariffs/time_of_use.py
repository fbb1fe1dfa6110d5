"""Seasons, day types and periods of use on the local clock, without a gap or an overlap."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

Document = dict[str, Any]
IntArray = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
ALL = "all"
"""The name of the season, the day type and the period of a document that has none."""

# A leap year, so that 29 February has its season.
YEAR_DAYS = [date(2024, 1, 1) + timedelta(days=number) for number in range(366)]
DAY_HOURS = 24


def period_names(document: Document) -> list[str]:
    return [each["name"] for each in document.get("periods", [])] or [ALL]


def period_of_hours(document: Document, at_s: IntArray, zone: ZoneInfo) -> IntArray:
    """[hour] of UTC epoch seconds → [hour], the number of each hour's period in ``period_names``.

    The local clock decides: where it is put back, an hour of use is there twice.
    """
    table = _table(document)
    found = np.zeros(len(at_s), dtype=np.int64)
    days: dict[date, IntArray] = {}
    for number, second in enumerate(at_s.tolist()):
        local = datetime.fromtimestamp(second, zone)
        day = local.date()
        if day not in days:
            days[day] = table[season_of(document, day), day_type_of(document, day)]
        found[number] = days[day][local.hour]
    return found


def season_of(document: Document, day: date) -> int:
    """The number of the season of a day."""
    return next((n for n, each in enumerate(document.get("seasons", [])) if _has(each, day)), 0)


def day_type_of(document: Document, day: date) -> int:
    """The number of the day type of a day: a holiday's where one says so, else the weekday's."""
    types = document.get("day_types", [])
    listed = document.get("holidays", [])
    if day.isoformat() in listed or f"{day:%m-%d}" in listed:
        for number, each in enumerate(types):
            if each.get("holidays"):
                return number
    return next((n for n, each in enumerate(types) if day.isoweekday() in each["weekdays"]), 0)


def calendar_problems(document: Document) -> Iterator[str]:
    """Gaps, overlaps and unknown names among seasons, day types and periods."""
    for check in (_season_problems, _day_type_problems, _period_problems, _hour_problems):
        problems = list(check(document))
        yield from problems
        if problems:
            return


def _season_problems(document: Document) -> Iterator[str]:
    seasons = document.get("seasons")
    if seasons is None:
        return
    for day in YEAR_DAYS:
        names = [each["name"] for each in seasons if _has(each, day)]
        if len(names) != 1:
            received = f"{len(names)} seasons ({', '.join(names)})" if names else "no season"
            yield f"seasons: received {received} for {day:%m-%d}, expected one for each day of the year."
            return


def _day_type_problems(document: Document) -> Iterator[str]:
    types = document.get("day_types")
    if types is None:
        return
    for weekday in range(1, 8):
        names = [each["name"] for each in types if weekday in each["weekdays"]]
        if len(names) != 1:
            received = ", ".join(names) or "no day type"
            yield f"day_types: received {received} for weekday {weekday}, expected one for each from 1 to 7."
    holidays = sum(bool(each.get("holidays")) for each in types)
    if holidays > 1 or (document.get("holidays") and not holidays):
        yield f"day_types: received {holidays} types with “holidays”, expected one where holidays are listed."


def _period_problems(document: Document) -> Iterator[str]:
    periods = document.get("periods")
    if periods is None:
        return
    seasons, day_types = _names(document, "seasons"), _names(document, "day_types")
    for number, each in enumerate(periods):
        if ("when" in each) == ("otherwise" in each):
            yield f"periods[{number}]: expected either “when” or “otherwise”, received both or neither."
        for when in each.get("when", []):
            for field, known in (("seasons", seasons), ("day_types", day_types)):
                for name in when.get(field, []):
                    if name not in known:
                        yield f"periods[{number}].when.{field}: received “{name}”, expected one of {', '.join(known)}."
            if when.get("from", "00:00") == when.get("to", "24:00"):
                yield f"periods[{number}].when: received {when['from']} twice, expected a beginning and an end."
    if sum("otherwise" in each for each in periods) > 1:
        yield "periods: received “otherwise” more than once, expected it at most once."


def _hour_problems(document: Document) -> Iterator[str]:
    if "periods" not in document:
        return
    seasons, day_types = _names(document, "seasons"), _names(document, "day_types")
    counts = [np.where(taken, 1, 0) for taken in _taken(document)]
    has_rest = any("otherwise" in each for each in document["periods"])
    total = np.sum(counts, axis=0)
    wrong = np.argwhere((total > 1) | ((total == 0) & (not has_rest)))
    if len(wrong):
        season, day_type, hour = wrong[0].tolist()
        takers = zip(document["periods"], counts, strict=True)
        names = [each["name"] for each, count in takers if count[season, day_type, hour]]
        where = f"{hour:02}:00 to {hour + 1:02}:00 ({seasons[season]}, {day_types[day_type]})"
        received = f"the periods {' and '.join(names)}" if names else "no period"
        mend = "let one of them end earlier" if names else "add the hour to one, or a period with “otherwise”"
        yield f"periods: received {received} for {where}, expected one; {mend}."


def _table(document: Document) -> IntArray:
    """[season, day type, hour of the day] → number of the period."""
    periods = document.get("periods", [])
    rest = next((number for number, each in enumerate(periods) if "otherwise" in each), 0)
    table = np.full(_shape(document), rest, dtype=np.int64)
    for number, taken in enumerate(_taken(document)):
        table[taken] = number
    return table


def _taken(document: Document) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """For each period, [season, day type, hour]: whether it names that hour."""
    seasons, day_types = _names(document, "seasons"), _names(document, "day_types")
    for each in document.get("periods", []):
        taken = np.zeros(_shape(document), dtype=np.bool_)
        for when in each.get("when", []):
            rows = [seasons.index(name) for name in when.get("seasons", seasons)]
            columns = [day_types.index(name) for name in when.get("day_types", day_types)]
            taken[np.ix_(rows, columns, _hours(when))] = True
        yield taken


def _hours(when: Document) -> list[int]:
    """Hours of the day from–to; over midnight where the end is not later."""
    start, end = int(when.get("from", "00:00")[:2]), int(when.get("to", "24:00")[:2])
    return [hour % DAY_HOURS for hour in range(start, end if end > start else end + DAY_HOURS)]


def _shape(document: Document) -> tuple[int, int, int]:
    return len(_names(document, "seasons")), len(_names(document, "day_types")), DAY_HOURS


def _names(document: Document, field: str) -> list[str]:
    return [each["name"] for each in document.get(field, [])] or [ALL]


def _has(season: Document, day: date) -> bool:
    """Whether a season has a day; over the year's end where it ends before it begins."""
    at, start, end = f"{day:%m-%d}", season["from"], season["to"]
    inside: bool = start <= at <= end if start <= end else at >= start or at <= end
    return inside
