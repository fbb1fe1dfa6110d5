"""Hours and days in the database: replaced together, so that a day is always the sum of its hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from core.bulk_insert import insert_rows
from losses.models import DailyRollup, HourlyRollup
from losses.networks import AccountedBatch
from losses.querysets import FIELDS, SUMMED
from losses.rollups import HOURLY_COLUMNS, judged_excess_kwh
from substations.models import StaleRange

DAILY_COLUMNS = ("substation_id", "day", *FIELDS)
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


def _replace_days(batch: AccountedBatch, days: set[date]) -> None:
    DailyRollup.objects.filter(substation__in=batch.ids, day__in=days)._raw_delete(using="default")
    first, last = (datetime.combine(day, time(), batch.zone) for day in (min(days), max(days) + timedelta(days=1)))
    hourly = HourlyRollup.objects.filter(substation__in=batch.ids, at__gte=first, at__lt=last)
    rows = [row for row in _daily(batch, hourly.as_arrays(FIELDS)) if row[1] in days]
    insert_rows(DailyRollup, DAILY_COLUMNS, rows)


def _daily(batch: AccountedBatch, hourly: Any) -> Iterable[tuple[Any, ...]]:
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
    for group, sums in zip(first.tolist(), total, strict=True):
        figures = [None if value != value else value for value in sums[1:].tolist()]
        yield int(key[group, 0]), date.fromordinal(int(key[group, 1])), bool(sums[0] > 0), *figures


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
