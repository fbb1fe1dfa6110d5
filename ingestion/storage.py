"""Rows → the readings table, in bulk.

Of most substations no reading is stored between the first and the last of the new ones: those go straight into the
table, the others are merged with what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

import numpy as np
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from ingestion.arrivals import leave_ranges, lock, note_arrival, overlapping
from ingestion.changed_ranges import ChangedRanges
from ingestion.merging import RowOutcome, Stored, merge, reading_columns
from ingestion.row_writing import write_rows
from ingestion.validation import FromFuture, ReadingRows
from substations.models import Substation
from substations.partitions import READINGS, ensure_months

FRESH = timedelta(days=1)
"""Chosen: a meter that answers once a day is live."""

FURTHEST = np.datetime64("9999-12-30", "us")
"""The last day that every database and every time zone can hold."""


def store(rows: ReadingRows) -> Stored:
    """Upsert rows with distinct keys, and leave a PendingRange and a StaleRange for each substation changed.

    Their months are there (``make_months``); a row of another one goes into the partition of what has none.
    """
    return _store(rows, with_outcomes=False)[0]


def store_with_outcomes(rows: ReadingRows) -> tuple[Stored, list[RowOutcome]]:
    """Like ``store``, with the outcome of every single row; for small batches."""
    return _store(rows, with_outcomes=True)


def _store(rows: ReadingRows, *, with_outcomes: bool) -> tuple[Stored, list[RowOutcome]]:
    if not len(rows):
        return Stored(0, 0, 0), []
    rows = rows.taken(np.lexsort((rows.at, rows.substation_id)))
    arriving = ChangedRanges.of(rows)
    with transaction.atomic(), connection.cursor() as cursor:
        lock(cursor, arriving.substation_id)
        is_overlap = np.isin(rows.substation_id, overlapping(cursor, arriving))
        new = rows.taken(np.flatnonzero(~is_overlap))
        write_rows(cursor, READINGS, reading_columns(new))
        stored, changed = Stored(len(new), 0, 0), ChangedRanges.of(new)
        outcomes = [RowOutcome(line, "accepted") for line in new.lines.tolist()] if with_outcomes else []
        if is_overlap.any():
            merged = merge(cursor, rows.taken(np.flatnonzero(is_overlap)))
            stored = stored + merged.counts()
            changed = changed.and_of(ChangedRanges.of(merged.rows.taken(np.flatnonzero(merged.is_changed))))
            outcomes += merged.outcomes() if with_outcomes else []
        leave_ranges(cursor, changed)
        note_arrival(cursor, arriving.substation_id)
    return stored, outcomes


def make_months(rows: ReadingRows) -> None:
    """Make the partitions that rows go into. Who stores them in a transaction calls this before that locks anything."""
    for month in np.unique(rows.at.astype("datetime64[M]")):
        first = month.astype("datetime64[s]").item().replace(tzinfo=UTC)
        ensure_months(first, first)


def lock_all(rows: ReadingRows, future: Mapping[int, FromFuture]) -> None:
    """Lock the substations of rows that are stored and of those put aside: in one order, before any is written.

    Inside the transaction that calls ``note_future`` as well.
    """
    if future:
        with connection.cursor() as cursor:
            lock(cursor, np.union1d(rows.substation_id, np.fromiter(future, dtype=np.int64)))


def note_fresh(rows: ReadingRows) -> None:
    """Note of which substations readings came that are not older than a day: more are expected of them."""
    now = timezone.now()
    fresh = rows.at >= np.datetime64((now - FRESH).replace(tzinfo=None), "us")
    ids = np.unique(rows.substation_id[fresh]).tolist()
    if ids:
        Substation.objects.filter(pk__in=ids).update(live_at=now)


def note_future(future: Mapping[int, FromFuture]) -> None:
    """Note what was put aside because its time is ahead of this server's clock."""
    now = timezone.now()
    for pk, found in future.items():
        at = cast(datetime, min(found.at, FURTHEST).astype("datetime64[us]").item())
        Substation.objects.filter(pk=pk).update(
            future_at=at.replace(tzinfo=UTC), future_seen_at=now, future_count=F("future_count") + found.count
        )
