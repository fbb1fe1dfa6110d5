"""Hours and days in the database: replaced together, so that a day is always the sum of its hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.bulk_insert import insert_rows
from losses.models import DailyRollup, HourlyRollup, MonthOutlook
from losses.networks import AccountedBatch
from losses.querysets import FIELDS, SUMMED
from losses.rollups import HOURLY_COLUMNS, judged_excess_kwh
from substations.models import StaleRange
from substations.querysets import ReadingArrays

DAILY_COLUMNS = ("substation_id", "day", *FIELDS, "avoidable_by_hour")
AVOIDABLE = FIELDS.index("avoidable_loss_kwh")
HOUR = timedelta(hours=1)


def hour_start(at: datetime, zone: ZoneInfo) -> datetime:
    """The start of the hour of a local clock that a time lies in, in UTC."""
    offset = at.astimezone(zone).utcoffset() or timedelta()
    seconds = int((at + offset).timestamp()) // 3600 * 3600
    return datetime.fromtimestamp(seconds, UTC) - offset


def replace_hours(batch: AccountedBatch, hours: Sequence[datetime], rows: Sequence[tuple[Any, ...]]) -> None:
    """Put ``rows`` in the place of all figures of these hours, and their days in step; inside a transaction."""
    old = HourlyRollup.objects.filter(substation__in=batch.ids, at__gte=hours[0], at__lte=hours[-1])
    whole = len(hours) == (hours[-1] - hours[0]) / HOUR + 1
    (old if whole else old.filter(at__in=hours))._raw_delete(using="default")
    insert_rows(HourlyRollup, HOURLY_COLUMNS, rows)
    _replace_days(batch, {hour.astimezone(batch.zone).date() for hour in hours})
    MonthOutlook.objects.hours_changed(batch.substations, hours[0], hours[-1])


def _replace_days(batch: AccountedBatch, days: set[date]) -> None:
    DailyRollup.objects.filter(substation__in=batch.ids, day__in=days)._raw_delete(using="default")
    first, last = (datetime.combine(day, time(), batch.zone) for day in (min(days), max(days) + timedelta(days=1)))
    hourly = HourlyRollup.objects.filter(substation__in=batch.ids, at__gte=first, at__lt=last)
    rows = [row for row in _daily(batch, hourly.as_arrays(FIELDS)) if row[1] in days]
    insert_rows(DailyRollup, DAILY_COLUMNS, rows)


def _daily(batch: AccountedBatch, hourly: ReadingArrays) -> Iterable[tuple[Any, ...]]:
    """Sums of hours by substation and day; the highest of the demands; nothing where no hour is known."""
    if not len(hourly):
        return
    seconds, inverse = np.unique(hourly.at_s, return_inverse=True)
    days = [datetime.fromtimestamp(each, UTC).astimezone(batch.zone).date() for each in seconds.tolist()]
    ordinal = np.array([day.toordinal() for day in days])[inverse]
    # Ordered by substation and time: a new group begins where either changes.
    key = np.stack([hourly.substation_id, ordinal], axis=1)
    first = np.concatenate([[0], np.nonzero((np.diff(key, axis=0) != 0).any(axis=1))[0] + 1])
    values = hourly.values
    known = np.add.reduceat(np.isfinite(values).astype(np.int64), first)
    total = np.where(known > 0, np.add.reduceat(np.nan_to_num(values), first), np.nan)
    highest = np.maximum.reduceat(np.where(np.isfinite(values), values, -np.inf), first)
    total[:, 1 + len(SUMMED) :] = np.where(np.isfinite(highest), highest, np.nan)[:, 1 + len(SUMMED) :]
    by_hour = _avoidable_by_hour(batch, hourly, first)
    for group, sums, hours in zip(first.tolist(), total, by_hour, strict=True):
        figures = [None if value != value else value for value in sums[1:].tolist()]
        yield int(key[group, 0]), date.fromordinal(int(key[group, 1])), bool(sums[0] > 0), *figures, hours.tobytes()


def _avoidable_by_hour(batch: AccountedBatch, hourly: ReadingArrays, first: NDArray[np.int64]) -> NDArray[np.float32]:
    """[day, hour of the local clock] in kWh; the hour that a clock repeats is the sum of both."""
    seconds, inverse = np.unique(hourly.at_s, return_inverse=True)
    clock = np.array([datetime.fromtimestamp(each, UTC).astimezone(batch.zone).hour for each in seconds.tolist()])
    day = np.searchsorted(first, np.arange(len(hourly)), side="right") - 1
    place, values = (day, clock[inverse]), hourly.values[:, AVOIDABLE]
    found, known = np.zeros((len(first), 24)), np.zeros((len(first), 24), dtype=bool)
    np.add.at(found, place, np.nan_to_num(values))
    np.logical_or.at(known, place, np.isfinite(values))
    return np.where(known, found, np.nan).astype(np.float32)


def moved_hours(batch: AccountedBatch, ranges: Iterable[StaleRange]) -> set[datetime]:
    """Of stretches that were judged again, the hours whose excess loss is no longer what is stored."""
    moved: set[datetime] = set()
    for each in ranges:
        first, last = hour_start(each.start, batch.zone), each.end
        stored = HourlyRollup.objects.filter(substation=each.substation_id, at__gte=first, at__lte=last)
        before = dict(stored.values_list("at", "excess_loss_kwh"))
        after = judged_excess_kwh(each.substation, first, last)
        moved |= {hour for hour in before.keys() | after.keys() if _differs(before.get(hour), after.get(hour))}
    return moved


def _differs(before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(before - after) > 1e-9 * max(abs(before), abs(after), 1.0)
