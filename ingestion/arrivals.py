# ruff: noqa: S608 (every name in the statements is a constant of this module)
"""What goes with readings that arrive: the lock of their substations, what is there already, and what they leave."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from django.db import connection
from django.utils import timezone

from ingestion.changed_ranges import ChangedRanges
from ingestion.copy_format import sent_array
from ingestion.problems import IntArray
from ingestion.row_writing import iso_times, write_rows
from substations.models import PendingRange, StaleRange

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

# Of each substation at most one probe of the key; the outer bounds spare the partitions of other months.
_OVERLAPPING_POSTGRESQL = """
    SELECT arriving.pk FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS arriving(pk, first, last)
    CROSS JOIN LATERAL (
        SELECT 1 FROM substations_reading r
        WHERE r.substation_id = arriving.pk AND r.at >= arriving.first AND r.at <= arriving.last
            AND r.at >= %s AND r.at <= %s
        LIMIT 1
    ) AS stored
"""
_OVERLAPPING_SQLITE = """
    SELECT json_extract(value, '$[0]') FROM json_each(%s) WHERE EXISTS (
        SELECT 1 FROM substations_reading r WHERE r.substation_id = json_extract(value, '$[0]')
            AND r.at >= json_extract(value, '$[1]') AND r.at <= json_extract(value, '$[2]')
    )
"""


def lock(cursor: CursorWrapper, ids: IntArray) -> None:
    """Lock the substations, always in the same order, so that two loads can neither deadlock nor count a row twice."""
    if connection.vendor == "postgresql":  # elsewhere a transaction that writes is alone
        cursor.execute(
            "SELECT id FROM substations_substation WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE",
            [sent_array(ids)],
        )


def overlapping(cursor: CursorWrapper, arriving: ChangedRanges) -> IntArray:
    """Which of the substations have a reading within these ranges."""
    if connection.vendor == "postgresql":
        outer = [f"{arriving.start.min()}Z", f"{arriving.end.max()}Z"]
        columns = [sent_array(each) for each in (arriving.substation_id, arriving.start, arriving.end)]
        cursor.execute(_OVERLAPPING_POSTGRESQL, [*columns, *outer])
    else:
        ids, first, last = arriving.substation_id, iso_times(arriving.start), iso_times(arriving.end)
        cursor.execute(_OVERLAPPING_SQLITE, [json.dumps(list(zip(ids.tolist(), first, last, strict=True)))])
    return np.array([pk for (pk,) in cursor.fetchall()], dtype=np.int64)


def leave_ranges(cursor: CursorWrapper, changed: ChangedRanges) -> None:
    """What has to be scored and accounted (again): a PendingRange and a StaleRange of each substation."""
    if not len(changed):
        return
    now = np.full(len(changed), np.datetime64(timezone.now().replace(tzinfo=None), "us"))
    columns = {"substation_id": changed.substation_id, "start": changed.start, "end": changed.end, "created_at": now}
    write_rows(cursor, PendingRange._meta.db_table, columns)
    write_rows(cursor, StaleRange._meta.db_table, columns | {"is_certain": np.ones(len(changed), dtype=bool)})


def note_arrival(cursor: CursorWrapper, ids: IntArray) -> None:
    """Say when readings came of these substations: last, so that who looks for news afterwards finds them stored."""
    if connection.vendor == "postgresql":
        cursor.execute(
            "UPDATE substations_substation SET received_at = clock_timestamp() WHERE id = ANY(%s::bigint[])",
            [sent_array(ids)],
        )
        return
    among = "SELECT value FROM json_each(%s)"
    cursor.execute(
        f"UPDATE substations_substation SET received_at = %s WHERE id IN ({among})",
        [timezone.now().replace(tzinfo=None), json.dumps(ids.tolist())],
    )
