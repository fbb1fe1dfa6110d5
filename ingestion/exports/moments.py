"""Cells → moments: the order of the date by the whole file, zones that the file names, epochs and day numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise

from ingestion.exports.figures import cleaned

ORDERS = ("dmy", "mdy", "ymd")


# The first letters of the twelve months in Latin scripts, in their order.
_MONTHS = {
    name: n
    for n, names in enumerate(
        (
            "jan janv januar ene enero janeiro gen led sty 1月",
            "feb fev fevr februar febrero",
            "mar mars marz maerz mrz marzo mrt",
            "apr avr april abr abril avril",
            "may mai mayo maio mag maj mei",
            "jun juin juni junio giu",
            "jul juil juli julio lug",
            "aug aout august ago agosto",
            "sep sept septembre septiembre set",
            "oct okt oktober octubre out ott octobre",
            "nov november noviembre novembre",
            "dec dez dezember dic diciembre dezembro decembre",
        ),
        1,
    )
    for name in names.split()
}


_DATE = re.compile(r"(\d{1,4})\s*[-/. ]\s*(\d{1,2}|[^\W\d]{3,10}\.?)\s*[-/., ]\s*(\d{1,4})(?!\d|:)")


_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T _]?(\d\d):?(\d\d):?(\d\d)?(?:[.,]\d+)?)?")


_CJK_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")


_CLOCK = re.compile(
    r"(\d{1,2})[:hH.](\d{2})(?:[:mM.](\d{2}))?(?:[.,:](\d{1,9}))?\s*([aApP]\.?\s?[mM]\.?)?(?:[.,]\d+)?\s*[sh]?"
)


# 00时15分, 8点5分30秒, 14時00分
_CJK_CLOCK = re.compile(r"(\d{1,2})\s*[时時点](?:\s*(\d{1,2})\s*分)?(?:\s*(\d{1,2})\s*秒)?")


_TAIL = re.compile(r"\s*\(?(Z|[A-Z]{2,5}|(?:UTC|GMT)?\s*[+-]\d{1,2}:?(?:\d{2})?)\)?$")


@dataclass(frozen=True, slots=True)
class DateText:
    """A date as written: three parts with the order still open, a time of day, and a zone if the text names one."""

    parts: tuple[int, int, int] | None
    known: datetime | None = None
    clock_s: float | None = None
    zone: str = ""
    dots: bool = False
    named_month: bool = False
    year_parts: tuple[bool, bool] = (False, False)


@cache
def read_date(text: str) -> DateText | None:
    """One cell taken apart; None if it holds no date."""
    text = cleaned(text)
    text = re.sub(r"([^\W\d]{3,10})\.? (\d{1,2}),? (\d{4})", r"\2 \1 \3", text)
    compact = _COMPACT.fullmatch(re.sub(r"(?:Z|[+-]\d\d:?\d\d)$", "", text))
    if compact and len(text) != 10:
        year, month_no, day, hour, minute, second = (int(p or 0) for p in compact.groups())
        zone = text[len(re.sub(r"(?:Z|[+-]\d\d:?\d\d)$", "", text)) :]
        clock = None if compact[4] is None else hour * 3600.0 + minute * 60 + second
        return DateText((year, month_no, day), clock_s=clock, zone=zone, year_parts=(True, False))
    cjk = _CJK_DATE.match(text)
    match = cjk or _DATE.search(text)
    if match is None:
        return None
    before = text[: match.start()].strip(" ,")
    rest = text[match.end() :].lstrip(" ,.T").rstrip()
    if before and not re.fullmatch(r"[^\W\d]{2,10}\.?", before):  # only a weekday may stand before it
        rest = (rest + " " + before).strip()
    zone_match = _TAIL.search(rest)
    zone = ""
    if zone_match and not re.fullmatch(r"[AP]M", zone_match[1]):
        zone, rest = zone_match[1], rest[: zone_match.start()].strip()
    clock = read_clock(rest) if rest else None
    if rest and clock is None:
        return None
    name = match[2].rstrip(".").lower() if not match[2].isdigit() else ""
    month: int | None = (_MONTHS.get(name) or _MONTHS.get(name[:3])) if name else int(match[2])
    if month is None:
        return None
    dots = "." in text[match.start() : match.end()]
    return DateText(
        (int(match[1]), month, int(match[3])),
        None,
        clock,
        zone,
        dots,
        bool(name),
        (len(match[1]) == 4, len(match[3]) == 4),
    )


@cache
def read_clock(text: str) -> float | None:
    """Seconds since midnight of a time of day; 24:00 is 86,400; None if it is none."""
    text = cleaned(text).strip()
    pm = re.search(r"下午|م$", text)
    text = re.sub(r"上午|下午|[صم]$", "", text).strip()
    text = _CJK_CLOCK.sub(lambda found: ":".join(part for part in found.groups("00")[: found.lastindex]), text)
    match = _CLOCK.fullmatch(text)
    if match is None:
        bare = re.fullmatch(r"(\d{1,2})(\d{2})(\d{2})?", text) or re.fullmatch(r"(\d{1,2})h?()()", text)
        if bare is None or int(bare[1]) > 24 or int(bare[2] or 0) > 59:
            return None
        return int(bare[1]) * 3600.0 + int(bare[2] or 0) * 60 + int(bare[3] or 0)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    half = (match[5] or ("p" if pm else "")).lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second)):
        return None
    fraction = float("0." + match[4]) if match[4] else 0.0
    return hour * 3600.0 + minute * 60 + second + fraction


def in_order(parts: tuple[int, int, int], order: str) -> datetime | None:
    """The day that three numbers mean in an order; None where there is no such day."""
    a, b, c = parts
    year, month, day = {"ymd": (a, b, c), "dmy": (c, b, a), "mdy": (c, a, b)}[order]
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    try:
        return datetime(year, month, day)  # noqa: DTZ001 - local, its zone comes later
    except ValueError:
        return None


def possible_orders(dates: Sequence[DateText], now: datetime, *, comma_language: bool = False) -> list[str]:
    """The orders under which (nearly) all dates exist and none lies ahead."""
    sample = [d for d in dates if d.parts]
    if not sample:
        return ["ymd"]
    if sum(d.year_parts[0] for d in sample) * 2 > len(sample):
        return ["ymd"]
    candidates = ["dmy"] if sum(d.named_month for d in sample) * 2 > len(sample) else list(ORDERS)
    if sum(d.year_parts[1] for d in sample) * 2 > len(sample):
        candidates = [c for c in candidates if c != "ymd"]
    if (
        comma_language
        and sum(d.dots for d in sample) * 2 > len(sample)
        and sum(d.year_parts[1] for d in sample) * 2 > len(sample)
    ):
        return ["dmy"]  # with dots and the year last nobody writes the month first
    if sum(d.dots for d in sample) == len(sample) and comma_language:
        candidates = [c for c in candidates if c == "dmy"] or candidates  # 18.02.26 where dates are written so
    fit = []
    today = now.replace(tzinfo=None)
    for order in candidates:
        days = [in_order(d.parts, order) for d in sample if d.parts]
        good = [day for day in days if day is not None and day <= today + timedelta(days=2) and day.year >= 1990]
        if len(good) >= 0.95 * len(days):
            fit.append(order)
    return fit


def by_steps(dates: Sequence[DateText], orders: Sequence[str]) -> list[str]:
    """Of several possible orders the one in which the days of the file follow each other."""
    different = list(dict.fromkeys(d.parts for d in dates if d.parts))
    if len(different) < 2 or len(orders) < 2:
        return list(orders)
    reach = {}
    for order in orders:
        days = sorted(day for parts in different if (day := in_order(parts, order)))
        reach[order] = max(((b - a).days for a, b in pairwise(days)), default=0)
    best = min(reach.values())
    # A step of a month or more is what a wrong order makes of neighbouring days.
    return [order for order in orders if reach[order] == best] if max(reach.values()) >= 28 > best else list(orders)
