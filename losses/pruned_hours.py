"""Hours whose readings or scores were deleted by the retention: what was worked out from them then is what is known.

To work such an hour out again would make nothing of it. Whatever asks for that (a corrected nameplate, a late reading,
another link), the stored figures stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Q

from losses.line_days import SHAPE, LineHour, place_of_hour
from losses.models import HourlyRollup, LineDay
from losses.networks import AccountedBatch
from losses.rollups import HOURLY_COLUMNS, AccountedHours
from substations.models import Substation

EXCESS = HOURLY_COLUMNS.index("excess_loss_kwh")
Row = tuple[Any, ...]


def with_hours_kept(batch: AccountedBatch, hours: Sequence[datetime], found: AccountedHours) -> AccountedHours:
    """What is to be stored of these hours: ``found``, and of hours without their readings what is stored already.

    Of hours that have readings and no scores, the excess loss alone is what was stored.
    """
    kept_from = _kept_from(batch, hours[0])
    if not kept_from:
        return found
    latest = max(at for pair in kept_from.values() for at in pair if at)
    stored = _stored(batch, hours, latest)
    rows = {(row[0], row[1]): row for row in found.rows}
    for key, old in stored.items():
        readings_from, scores_from = kept_from.get(key[0], (None, None))
        if readings_from and key[1] < readings_from:
            rows[key] = old
        elif scores_from and key[1] < scores_from and key in rows and rows[key][EXCESS] is None:
            rows[key] = (*rows[key][:EXCESS], old[EXCESS], *rows[key][EXCESS + 1 :])
    without_readings = [at for at, _scores in kept_from.values() if at]
    lines = found.lines
    if without_readings:
        # The current of one substation flows through the lines of all: without it a line would lose less.
        first_whole = max(without_readings)
        kept = [hour for hour in hours if hour < first_whole]
        lines = [*_stored_lines(batch, kept), *(line for line in lines if line.at >= first_whole)]
    return AccountedHours(sorted(rows.values(), key=lambda row: row[:2]), lines)


Boundaries = Mapping[int, tuple[datetime | None, datetime | None]]


def _kept_from(batch: AccountedBatch, first: datetime) -> Boundaries:
    """By substation of those that lost something since a time: from when on their readings and scores are kept."""
    lost = Q(readings_kept_from__gt=first) | Q(scores_kept_from__gt=first)
    rows = Substation.objects.filter(lost, pk__in=batch.ids)
    return {
        pk: (readings, scores)
        for pk, readings, scores in rows.values_list("pk", "readings_kept_from", "scores_kept_from")
    }


def _stored(batch: AccountedBatch, hours: Sequence[datetime], before: datetime) -> dict[tuple[int, datetime], Row]:
    wanted = set(hours)
    rows = HourlyRollup.objects.filter(substation__in=batch.ids, at__gte=hours[0], at__lte=hours[-1], at__lt=before)
    return {(row[0], row[1]): row for row in rows.values_list(*HOURLY_COLUMNS) if row[1] in wanted}


def _stored_lines(batch: AccountedBatch, hours: Sequence[datetime]) -> Iterator[LineHour]:
    places = {place_of_hour(hour, batch.zone): hour for hour in hours}
    days = {day for day, _slot in places}
    for row in LineDay.objects.filter(link__target__in=batch.ids, day__in=days):
        table = np.frombuffer(row.by_hour, np.float32).reshape(SHAPE)
        for (day, slot), hour in places.items():
            if day == row.day and np.isfinite(table[0, slot]):
                yield LineHour(row.link_id, hour, *table[:, slot].tolist())
