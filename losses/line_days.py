"""Days of lines in the database: the hours that were worked out again take the place of what they were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.bulk_insert import insert_rows
from losses.line_models import LineDay
from losses.networks import AccountedBatch

COLUMNS = ("link_id", "day", "loss_kwh", "carried_kwh", "known_h", "by_hour")
HOURS_OF_A_DAY = 25
"""The longest day, on which a clock is put back."""

SHAPE = (3, HOURS_OF_A_DAY)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LineHour:
    """One line in one hour (its start): kWh lost and carried, and the known share of the hour."""

    link_id: int
    at: datetime
    loss_kwh: float
    carried_kwh: float
    known: float


def replace_line_hours(batch: AccountedBatch, hours: Sequence[datetime], found: Iterable[LineHour]) -> None:
    """Put ``found`` in the place of what the lines of a batch had in these hours; inside a transaction."""
    places = {hour: place_of_hour(hour, batch.zone) for hour in hours}
    days = {day for day, _slot in places.values()}
    old = LineDay.objects.filter(link__target__in=batch.ids, day__in=days)
    tables = {(row.link_id, row.day): np.frombuffer(row.by_hour, np.float32).reshape(SHAPE).copy() for row in old}
    for (_link, day), table in tables.items():
        table[:, [slot for its_day, slot in places.values() if its_day == day]] = np.nan
    for each in found:
        day, slot = places[each.at]
        if (each.link_id, day) not in tables:
            tables[each.link_id, day] = np.full(SHAPE, np.nan, np.float32)
        tables[each.link_id, day][:, slot] = each.loss_kwh, each.carried_kwh, each.known
    LineDay.objects.filter(link__target__in=batch.ids, day__in=days).delete()
    insert_rows(LineDay, COLUMNS, [_row(key, table) for key, table in tables.items() if np.isfinite(table[0]).any()])


def _row(key: tuple[int, date], table: NDArray[np.float32]) -> tuple[int, date, float, float, float, bytes]:
    loss_kwh, carried_kwh, known_h = (float(np.nansum(row, dtype=np.float64)) for row in table)
    return (*key, loss_kwh, carried_kwh, known_h, table.tobytes())


def place_of_hour(hour: datetime, zone: ZoneInfo) -> tuple[date, int]:
    """The day of a clock that an hour belongs to, and how many hours into it."""
    day = hour.astimezone(zone).date()
    begins = datetime.combine(day, time(), zone).astimezone(UTC)
    return day, min(int((hour - begins) / HOUR), HOURS_OF_A_DAY - 1)
