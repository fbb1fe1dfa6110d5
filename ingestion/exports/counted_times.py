"""Numbers that count time: epochs, ticks, and the day numbers of spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

# Plausible numbers: from 1990 on, up to the present; the scale and the start of each way of counting.
_UNIX = datetime(1970, 1, 1, tzinfo=UTC)


_COUNTED = (  # name, from, to, seconds of one, the number that stands for 1970
    ("Unix seconds", 6.3e8, 4.2e9, 1.0, 0.0),
    ("Unix milliseconds", 6.3e11, 4.2e12, 1e-3, 0.0),
    ("Unix microseconds", 6.3e14, 4.2e15, 1e-6, 0.0),
    ("Unix nanoseconds", 6.6e17, 4.2e18, 1e-9, 0.0),
    (".NET ticks", 6.27e17, 6.6e17, 1e-7, 621_355_968e9),
    ("Windows file time", 1.25e17, 1.45e17, 1e-7, 116_444_736e9),
    ("Excel days", 32_000, 80_000, 86_400.0, 25_569.0),
    ("MATLAB days", 726_000, 770_000, 86_400.0, 719_529.0),
    ("Julian days", 2_440_000, 2_500_000, 86_400.0, 2_440_587.5),
)


SINCE_1904_S = 2_082_844_800  # LabVIEW and old Macs count from 1904-01-01


def counted_way(values: Iterable[float], now: datetime) -> str:
    """How a column of numbers counts time; "" if it cannot be a time."""
    numbers = [value for value in values if value == value]
    if not numbers:
        return ""
    middle = sorted(numbers)[len(numbers) // 2]
    name = next((name for name, low, high, _scale, _zero in _COUNTED if low <= middle < high), "")
    if name == "Unix seconds" and _UNIX + timedelta(seconds=middle) > now + timedelta(days=2):
        earlier = _UNIX + timedelta(seconds=middle - SINCE_1904_S)
        return "seconds since 1904" if earlier.year >= 1990 and earlier <= now + timedelta(days=2) else ""
    return name


def counted(value: float, way: str) -> datetime:
    """The moment of a number, in UTC where the way of counting says so and in the clock of the file for days."""
    if way == "seconds since 1904":
        return _UNIX + timedelta(seconds=value - SINCE_1904_S)
    scale, at_1970 = next((scale, zero) for name, _low, _high, scale, zero in _COUNTED if name == way)
    seconds = (value - at_1970) * scale
    # A second is 1.2e-5 days: a day number is rounded to the second it meant.
    return _UNIX + timedelta(seconds=round(seconds) if "days" in way else seconds)


def is_utc(way: str) -> bool:
    """True for ways of counting that are in UTC; day numbers are in the clock of the file."""
    return way.startswith(("Unix", "Windows", "seconds"))
