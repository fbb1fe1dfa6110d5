"""Local hour, kind of day and season of steps given in UTC epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from .arrays import Floats, Integers

WORKDAY, SATURDAY, SUNDAY = 0, 1, 2


@dataclass(frozen=True, slots=True)
class LocalClock:
    """``times_s`` is UTC, ``hour`` a fraction, ``day`` the local days since 1970, ``day_kind`` one of three."""

    times_s: Integers
    hour: Floats
    day: Integers
    day_kind: Integers
    day_of_year: Integers


def utc_offset_s(at_s: int, time_zone: str) -> int:
    offset = datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(time_zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def local_clock(times_s: Integers, time_zone: str) -> LocalClock:
    """The wall clock at each time; offsets are looked up once an hour, which every zone's rules allow."""
    hours, where = np.unique(times_s // 3600, return_inverse=True)
    offsets = np.array([utc_offset_s(int(hour) * 3600, time_zone) for hour in hours])[where]
    local = times_s + offsets
    day = local // 86_400
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    kind = np.select([weekday == 6, weekday == 5], [SUNDAY, SATURDAY], WORKDAY)
    day_of_year = (day.astype("datetime64[D]") - day.astype("datetime64[D]").astype("datetime64[Y]")).astype(int)
    return LocalClock(times_s, local % 86_400 / 3600, day, kind, day_of_year)
