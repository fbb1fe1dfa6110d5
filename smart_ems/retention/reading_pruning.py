"""Readings and scores that are older than they are kept: deleted once what was worked out from them is stored.

Of each network together, since the current of one substation heats the lines of all. First ``readings_kept_from`` says
from when on readings are kept, and from then on no earlier hour is worked out again (``losses.pruned_hours``), no
earlier reading judged (``mlcore.scoring.context``) and none taken in; then the rows go, piece by piece. A run that is
killed in between is continued by the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import OperationalError, transaction
from django.db.models import Exists, Min, OuterRef, Q

from losses.corrections import mark_corrected
from losses.models import DailyRollup
from losses.networks import AccountedBatch, accounted_batches
from losses.rollups import accounted_hours
from mlcore.models import Score
from substations.models import PendingRange, Reading, StaleRange, Substation
from substations.partitions import drop_month, months_before

logger = logging.getLogger(__name__)
PIECE_ROWS = 5_000
"""Chosen: under a tenth of a second, so that nobody waits for the lock of the one writer that SQLite has."""
STEP = timedelta(days=31)
"""Chosen: how far one step moves the boundary; figures of so many days are looked at."""
DAY = timedelta(days=1)
KEPT_FROM = {Reading: "readings_kept_from", Score: "scores_kept_from"}


@dataclass(frozen=True, slots=True)
class PruningPiece:
    """What one piece did: rows that went, and what the rest of a network waits for (empty: nothing)."""

    freed: int
    waits_for: str = ""


def prune_rows(model: type[Reading] | type[Score], *, before: datetime) -> Iterator[PruningPiece]:
    """Delete the readings or scores of times before ``before``, to whole days of each network's clock, in pieces."""
    mark_corrected()  # what a correction has made stale is worked out from its readings first
    batches = list(accounted_batches(Substation.objects.values_list("pk", flat=True)))
    kept_from, waits = {}, []
    for number, batch in enumerate(batches):
        stored = _stored_boundary(model, batch)
        boundary, waits_for = _move_boundaries(model, batch, before)
        waits += [waits_for] if waits_for else []
        if boundary is not None:
            kept_from[number] = boundary
            if boundary != stored:  # a run of little time ends here, and the next one comes further
                yield PruningPiece(0)
    yield from _drop_months(model, min([before, *kept_from.values()]))
    for number, boundary in kept_from.items():
        yield from _delete(model, batches[number], boundary)
    yield from (PruningPiece(0, waits_for) for waits_for in waits)


def _move_boundaries(
    model: type[Reading] | type[Score], batch: AccountedBatch, before: datetime
) -> tuple[datetime | None, str]:
    """From when on the rows of a network are kept now, None where no earlier one is there; and what keeps such."""
    cutoff, at, waits_for = _midnight(batch, before), _oldest(model, batch), ""
    if at is None or at >= cutoff:
        return None, ""
    while at < cutoff and not waits_for:
        until, waits_for = _move_boundary(model, batch, at, min(_midnight(batch, at + STEP), cutoff))
        at = max(at, until)
    return at, waits_for


def _drop_months(model: type[Reading] | type[Score], before: datetime) -> Iterator[PruningPiece]:
    """Where months are tables of their own, those that nobody keeps go as a whole."""
    for name in months_before(before, table=model._meta.db_table):
        try:
            with transaction.atomic():
                freed = drop_month(name)
        except OperationalError as error:
            logger.info("Retention: %s could not be dropped now: %s", name, error)
            return
        yield PruningPiece(freed)


def _move_boundary(
    model: type[Reading] | type[Score], batch: AccountedBatch, oldest: datetime, until: datetime
) -> tuple[datetime, str]:
    """Say that rows are kept from a time on, as far as nothing before it is left to do: that time, and what is left."""
    with transaction.atomic():
        # Loads lock the same rows first: none can bring a reading between the look and the boundary.
        list(
            Substation.objects.filter(pk__in=batch.ids).order_by("pk").select_for_update(no_key=True).values_list("pk")
        )
        until, waits_for = _as_far_as_done(batch, until)
        looked_at = max(oldest, _stored_boundary(model, batch) or oldest)
        if model is Reading and until > looked_at:
            missing = _first_day_without_figures(batch, looked_at, until)
            if missing is not None:
                until, waits_for = missing, f"hourly figures of {batch.substations[0].code} and its network"
        if until > oldest:
            name = KEPT_FROM[model]
            earlier = Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__lt": until})
            Substation.objects.filter(earlier, pk__in=batch.ids).update(**{name: until})
    return until, waits_for


def _stored_boundary(model: type[Reading] | type[Score], batch: AccountedBatch) -> datetime | None:
    """From when on the rows of every substation of a network are kept so far."""
    stored = list(Substation.objects.filter(pk__in=batch.ids).values_list(KEPT_FROM[model], flat=True))
    return None if None in stored else min(stored)


def _as_far_as_done(batch: AccountedBatch, until: datetime) -> tuple[datetime, str]:
    """Not beyond the first day that has something to judge or to account."""
    waits_for = ""
    for ranges, what in ((PendingRange, "scoring"), (StaleRange, "hourly figures")):
        waiting = ranges._default_manager.filter(substation__in=batch.ids, start__lt=until)
        first = waiting.aggregate(first=Min("start"))["first"]
        if first is not None:
            until, waits_for = _midnight(batch, first), f"{what} of {batch.substations[0].code} and its network"
    return until, waits_for


def _first_day_without_figures(batch: AccountedBatch, oldest: datetime, until: datetime) -> datetime | None:
    """The start of the first day whose readings give figures that are not stored; they are asked for."""
    for start, end in _days(batch, oldest, until):
        day = start.astimezone(batch.zone).date()
        for substation in _without_figures(batch, day, start, end):
            if any(row[0] == substation for row in accounted_hours(batch, start, end).rows):
                StaleRange.objects.create(substation_id=substation, start=start, end=end - timedelta(seconds=1))
                return start
    return None


def _without_figures(batch: AccountedBatch, day: date, start: datetime, end: datetime) -> list[int]:
    """Substations with readings and without figures on a day."""
    readings = Reading.objects.filter(substation=OuterRef("pk"), at__gte=start, at__lt=end)
    figures = DailyRollup.objects.filter(substation=OuterRef("pk"), day=day)
    found = Substation.objects.filter(Exists(readings), ~Exists(figures), pk__in=batch.ids)
    return list(found.values_list("pk", flat=True))


def _delete(model: type[Reading] | type[Score], batch: AccountedBatch, until: datetime) -> Iterator[PruningPiece]:
    for substation in batch.ids:
        rows = model._default_manager.filter(substation=substation, at__lt=until)
        while times := list(rows.order_by("at").values_list("at", flat=True)[:PIECE_ROWS]):
            piece = model._default_manager.filter(substation=substation, at__lte=times[-1])
            yield PruningPiece(piece._raw_delete(using=piece.db))


def _oldest(model: type[Reading] | type[Score], batch: AccountedBatch) -> datetime | None:
    """One index probe for each substation."""
    first = (
        model._default_manager.filter(substation=pk).order_by("at").values_list("at", flat=True).first()
        for pk in batch.ids
    )
    return min((at for at in first if at is not None), default=None)


def _days(batch: AccountedBatch, first: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = first.astimezone(batch.zone).date()
    while (start := _start_of(batch, day)) < until:
        yield start, _start_of(batch, day + DAY)
        day += DAY


def _midnight(batch: AccountedBatch, at: datetime) -> datetime:
    """The start of the day of the network's clock that a time lies in."""
    return _start_of(batch, at.astimezone(batch.zone).date())


def _start_of(batch: AccountedBatch, day: date) -> datetime:
    return datetime.combine(day, time(), batch.zone).astimezone(UTC)
