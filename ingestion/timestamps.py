"""Texts → times. Each distinct text is read once, by one pattern that knows ISO, day-first, and Excel's ways."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from core.lazy_modules import LazyModule
from ingestion.problems import BoolArray, FloatArray, IntArray, TextArray

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

TimeArray = NDArray[np.datetime64]
EXPECTED = "a date and time such as 2025-01-31 08:30:00 or 31/01/2025 08:30"

_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_ZONE = r"\s*(?:(?P<utc>Z|UTC|GMT)|(?P<sign>[+-])(?P<off_h>\d{2}):?(?P<off_m>\d{2})?)?"
_DATE = (
    r"(?:(?P<a>\d{1,4})[-/. ](?P<b>\d{1,2}|[A-Za-z]{3,9})[-/. ](?P<c>\d{1,4})"
    r"|(?P<compact>(?:19|20)\d{6}))"
)
_FULL = re.compile(rf"^\s*{_DATE}(?:(?:[T ,]\s*){_CLOCK})?{_ZONE}\s*$")
_CLOCK_ONLY = re.compile(rf"^\s*{_CLOCK}\s*$")
_ISO = re.compile(r"^\d{4}-\d\d-\d\d([ T])\d\d:\d\d(:\d\d)?$")
# As English exports shorten them; other languages write numbers.
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_EXCEL_DAY_0 = np.datetime64("1899-12-30", "us")
# Plausible epochs: 1990 to 2200 in seconds, milliseconds, microseconds, nanoseconds.
_EPOCHS = ((6.3e8, 7.3e9, 1e6), (6.3e11, 7.3e12, 1e3), (6.3e14, 7.3e15, 1.0), (6.3e17, 7.3e18, 1e-3))


@dataclass(frozen=True, slots=True)
class Times:
    """``at`` [row] in µs, NaT where unreadable; ``is_utc`` where the text itself fixed the offset (local otherwise)."""

    at: TimeArray
    is_utc: BoolArray


def parse(texts: TextArray, *, day_first: bool = True) -> Times:
    """Read one column that holds date and time, or epoch seconds, or an Excel day number."""
    codes, distinct = _distinct(texts)
    times = _parse_distinct(distinct, day_first)
    return Times(times.at[codes], times.is_utc[codes])


def parse_date_and_clock(dates: TextArray, clocks: TextArray, *, day_first: bool = True) -> Times:
    """Read a ``Date`` column beside a ``Time`` column; a time of day within the date is ignored, as Excel adds it."""
    date_codes, distinct_dates = _distinct(dates)
    clock_codes, distinct_clocks = _distinct(clocks)
    days = _parse_distinct(distinct_dates, day_first).at.astype("datetime64[D]")
    parts = _extract(distinct_clocks, _CLOCK_ONLY)
    since_midnight = _clock_us(parts)
    full = np.isnan(since_midnight)
    if full.any():  # a spreadsheet may have put the date before the time of day here as well
        moments = _parse_distinct(distinct_clocks[full], day_first).at
        since_midnight[full] = np.where(
            np.isnat(moments), np.nan, (moments - moments.astype("datetime64[D]")).astype(np.float64)
        )
    return Times(_add(days[date_codes], since_midnight[clock_codes]), np.zeros(len(dates), dtype=bool))


def looks_day_first(texts: TextArray) -> bool:
    """Is 03/04/2025 the third of April? Asks the values: the reading without impossible dates, then the shorter one."""
    _, distinct = _distinct(texts)
    parts = _extract(distinct, _FULL)
    a, b = _number(parts["a"]), _number(parts["b"])
    if np.nanmax(np.append(a, 0)) > 31 or not len(distinct):
        return True
    month_first_fits, day_first_fits = not np.any(b > 31), not np.any(b > 12)
    if day_first_fits and np.any(a > 12):
        return True
    if month_first_fits and np.any(b > 12):
        return False
    extents = [_extent(_parse_distinct(distinct, day_first=order).at) for order in (True, False)]
    return bool(extents[0] <= extents[1])


def _extent(at: TimeArray) -> float:
    known = at[~np.isnat(at)]
    return float((known.max() - known.min()).astype(np.float64)) if len(known) else 0.0


def _distinct(texts: TextArray) -> tuple[IntArray, TextArray]:
    codes, distinct = pd.factorize(texts, use_na_sentinel=False)
    return codes.astype(np.int64), np.asarray(distinct, dtype=object)


def _parse_distinct(texts: TextArray, day_first: bool) -> Times:
    at = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    is_utc = np.zeros(len(texts), dtype=bool)
    if not len(texts):
        return Times(at, is_utc)
    iso = _ISO.match(str(texts[0]))
    if iso:  # the strict common case, in C
        layout = f"%Y-%m-%d{iso[1]}%H:%M" + (":%S" if iso[2] else "")
        fast = pd.to_datetime(pd.Series(texts, dtype=object), format=layout, errors="coerce")
        at[:] = fast.to_numpy().astype("datetime64[us]")
    rest = np.isnat(at)
    if rest.any():
        slow, offsets_known = _by_pattern(texts[rest], day_first)
        at[rest], is_utc[rest] = slow, offsets_known
    rest = np.isnat(at)
    if rest.any():
        numbered, from_epoch = _by_number(texts[rest])
        at[rest], is_utc[rest] = numbered, from_epoch
    return Times(at, is_utc)


def _by_pattern(texts: TextArray, day_first: bool) -> tuple[TimeArray, BoolArray]:
    parts = _extract(texts, _FULL)
    days = _civil_days(*_year_month_day(parts, day_first))
    clock = _clock_us(parts)
    clock[_blank(parts["hour"])] = 0.0
    at = _add(days, clock)
    signed = ~_blank(parts["sign"])
    minutes = _number(parts["off_h"]) * 60 + np.nan_to_num(_number(parts["off_m"]))
    minutes = np.where(signed, np.where(parts["sign"] == "-", -minutes, minutes), 0.0)
    at = at - (minutes * 60_000_000).astype("timedelta64[us]")
    return at, signed | ~_blank(parts["utc"])


def _by_number(texts: TextArray) -> tuple[TimeArray, BoolArray]:
    values = _number(texts)
    values = np.where(np.abs(values) < 1e19, values, np.nan)  # nothing larger is a time
    us = np.full(len(values), np.nan)
    for low, high, factor in _EPOCHS:
        us = np.where((values >= low) & (values < high), np.rint(values * factor), us)
    from_epoch = ~np.isnan(us)
    at = _add(np.full(len(values), np.datetime64(0, "us")), us)
    excel = (values >= 32_000) & (values < 80_000)  # 1987 to 2119
    # A second is 1.2e-5 days: an Excel number is rounded to the second it meant.
    days_us = np.where(excel, np.rint(values * 86_400) * 1e6, np.nan)
    return np.where(excel, _add(np.full(len(values), _EXCEL_DAY_0), days_us), at), from_epoch


def _year_month_day(parts: dict[str, TextArray], day_first: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    a, c = _number(parts["a"]), _number(parts["c"])
    names = np.array([text[:3].lower() if isinstance(text, str) else "" for text in parts["b"]], dtype=object)
    named = pd.Series(names).map(_MONTHS).to_numpy(np.float64)
    b = np.where(np.isnan(named), _number(parts["b"]), named)
    year_first = a > 31
    month_is_b = day_first | ~np.isnan(named)
    year = np.where(year_first, a, np.where(c < 100, 2000 + c, c))
    month = np.where(year_first, b, np.where(month_is_b, b, a))
    day = np.where(year_first, c, np.where(month_is_b, a, b))
    compact = _number(parts["compact"])
    known = ~np.isnan(compact)
    return (
        np.where(known, compact // 10_000, year),
        np.where(known, compact // 100 % 100, month),
        np.where(known, compact % 100, day),
    )


def _civil_days(year: FloatArray, month: FloatArray, day: FloatArray) -> TimeArray:
    with np.errstate(invalid="ignore"):
        fits = (year >= 1900) & (year < 2200) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(fits, (year - 1970) * 12 + month - 1, 0).astype(np.int64).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(fits, day - 1, 0).astype(np.int64).astype("timedelta64[D]")
    fits &= days.astype("datetime64[M]") == months  # no 30 February
    return cast(TimeArray, np.where(fits, days, np.datetime64("NaT")))


def _clock_us(parts: dict[str, TextArray]) -> FloatArray:
    """Microseconds since midnight, NaN where unreadable; 24:00:00 is the next midnight, 12 AM is midnight."""
    hour, minute = _number(parts["hour"]), _number(parts["minute"])
    second = np.nan_to_num(_number(parts["second"]))
    fraction = pd.Series(parts["fraction"], dtype=object)
    part = np.nan_to_num(_number(("0." + fraction).to_numpy(object)))
    half = pd.Series(parts["half"], dtype=object).str[:1].str.lower().to_numpy(object)
    is_12_hour = (half == "a") | (half == "p")
    with np.errstate(invalid="ignore"):
        fits = (minute < 60) & (second < 60) & np.where(is_12_hour, (hour >= 1) & (hour <= 12), hour < 24)
        fits |= (hour == 24) & (minute == 0) & (second == 0) & ~is_12_hour
    hour = np.where(is_12_hour, hour % 12 + np.where(half == "p", 12, 0), hour)
    total = ((hour * 60 + minute) * 60 + second) * 1e6 + np.rint(part * 1e6)
    return np.where(fits, total, np.nan)


def _extract(texts: TextArray, pattern: re.Pattern[str]) -> dict[str, TextArray]:
    frame = pd.Series(texts, dtype=object).astype(str).astype(object).str.extract(pattern)
    return {str(name): frame[name].to_numpy(object) for name in frame.columns}


def _blank(values: TextArray) -> BoolArray:
    return cast(BoolArray, pd.isna(values))


def _number(values: TextArray) -> FloatArray:
    return pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(np.float64)


def _add(days: TimeArray, us: FloatArray) -> TimeArray:
    known = ~np.isnan(us)
    step = np.where(known, us, 0).astype(np.int64).astype("timedelta64[us]")
    return cast(TimeArray, np.where(known, days.astype("datetime64[us]") + step, np.datetime64("NaT", "us")))


@dataclass(frozen=True, slots=True)
class Utc:
    """``at`` [row] in UTC; NaT in ``skipped`` rows, whose local time did not exist when clocks went forward."""

    at: TimeArray
    skipped: BoolArray


def to_utc(local: TimeArray, zone: str, group: IntArray) -> Utc:
    """Local clock of ``zone`` → UTC.

    When clocks go back an hour happens twice: within ``group`` (one meter) the first row of such a time is
    taken as summer time and a repetition as winter time, in the other order if the rows run backwards.
    """
    index = pd.DatetimeIndex(local)
    summer = _localised(index, zone, dst=True)
    winter = _localised(index, zone, dst=False)
    skipped = np.isnat(summer) & ~np.isnat(local)
    twice = (summer != winter) & ~np.isnat(summer)
    if twice.any():
        frame = pd.DataFrame({"group": group[twice], "at": local[twice].astype(np.int64)})
        ascending = frame["at"].iloc[-1] >= frame["at"].iloc[0]
        seen = frame if _runs_forward(local) or ascending else frame.iloc[::-1]
        repeated = seen.groupby(["group", "at"]).cumcount().sort_index().to_numpy() > 0
        summer[np.flatnonzero(twice)[repeated]] = winter[np.flatnonzero(twice)[repeated]]
    return Utc(summer, skipped)


def _runs_forward(at: TimeArray) -> bool:
    known = at[~np.isnat(at)]
    return len(known) < 2 or bool(known[-1] >= known[0])


def _localised(index: pd.DatetimeIndex, zone: str, *, dst: bool) -> TimeArray:
    aware = index.tz_localize(zone, ambiguous=np.full(len(index), dst), nonexistent="NaT")
    return cast(TimeArray, aware.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]"))
