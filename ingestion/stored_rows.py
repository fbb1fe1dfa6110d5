# ruff: noqa: S608 (every name in the statements is a constant of this module or of channels.py)
"""What is stored already under the keys of rows that arrive, read back as columns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from django.db import connection
from numpy.lib.recfunctions import structured_to_unstructured

from ingestion.changed_ranges import ChangedRanges
from ingestion.copy_format import copied_arrays, sent_array
from ingestion.problems import BoolArray, FloatArray, IntArray
from ingestion.row_writing import iso_times
from ingestion.timestamps import TimeArray
from ingestion.validation import ReadingRows
from substations.channels import CHANNEL_NAMES
from substations.partitions import READINGS

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

# Chosen: reading four rows in one go costs less than finding one by its key.
READ_PER_ROW = 4

# OFFSET 0 keeps the planner from joining whole months; the outer bounds spare it the partitions of the other ones.
# One row of arrays is fetched at once, and without a NULL every element has its width. COPY knows no parameters.
_WITHIN_POSTGRESQL = """
    COPY (
        SELECT array_agg(substation_id), array_agg(at), array_agg(derived),
            {channels}
        FROM (
            SELECT r.*
            FROM unnest('{ids}'::bigint[], '{first}'::timestamptz[], '{last}'::timestamptz[])
                AS arriving(pk, first, last)
            CROSS JOIN LATERAL (
                SELECT * FROM {readings} r
                WHERE r.substation_id = arriving.pk AND r.at >= arriving.first AND r.at <= arriving.last
                    AND r.at >= '{begin}Z' AND r.at <= '{end}Z'
                OFFSET 0
            ) AS r
            LIMIT {limit}
        ) AS found
    ) TO STDOUT (FORMAT BINARY)
"""
# A column that is computed comes as it is stored; Django would read each time of another.
_WITHIN_SQLITE = f"""
    SELECT r.substation_id, r.at || '', r.derived, {", ".join(f"r.{name}" for name in CHANNEL_NAMES)}
    FROM json_each(%s) arriving CROSS JOIN {READINGS} r
    WHERE r.substation_id = json_extract(arriving.value, '$[0]')
        AND r.at >= json_extract(arriving.value, '$[1]') AND r.at <= json_extract(arriving.value, '$[2]')
    LIMIT %s
"""
_FETCHED = np.dtype(
    [("substation_id", "i8"), ("at", "U26"), ("derived", "i8"), *((name, "f8") for name in CHANNEL_NAMES)]
)
_COPIED = ["i8", "M8[us]", "i4", *["f8"] * len(CHANNEL_NAMES)]


@dataclass(frozen=True, slots=True)
class StoredRows:
    """Stored readings as columns: ``values`` [row, channel] with NaN for a blank, ``derived`` bits."""

    substation_id: IntArray
    at: TimeArray
    values: FloatArray
    derived: IntArray

    @classmethod
    def within(cls, cursor: CursorWrapper, arriving: ChangedRanges, limit: int) -> Self:
        """The readings within these ranges, at most so many, in no order."""
        if connection.vendor == "postgresql":
            return cls._copied(cursor, arriving, limit)
        first, last = iso_times(arriving.start), iso_times(arriving.end)
        ranges = json.dumps(list(zip(arriving.substation_id.tolist(), first, last, strict=True)))
        cursor.execute(_WITHIN_SQLITE, [ranges, limit])
        rows = np.fromiter(cast(Any, cursor), dtype=_FETCHED)
        values = structured_to_unstructured(rows[list(CHANNEL_NAMES)], dtype=np.float64)
        return cls(rows["substation_id"], rows["at"].astype("datetime64[us]"), values, rows["derived"])

    @classmethod
    def _copied(cls, cursor: CursorWrapper, arriving: ChangedRanges, limit: int) -> Self:
        statement = _WITHIN_POSTGRESQL.format(
            ids=sent_array(arriving.substation_id),
            first=sent_array(arriving.start),
            last=sent_array(arriving.end),
            begin=arriving.start.min(),
            end=arriving.end.max(),
            limit=limit,
            readings=READINGS,
            channels=", ".join(f"array_agg(coalesce({name}, 'NaN'))" for name in CHANNEL_NAMES),
        )
        with cast(Any, cursor).copy(statement) as copy:
            ids, at, derived, *channels = copied_arrays(b"".join(copy), _COPIED)
        return cls(ids, at, np.stack(channels, axis=1), derived.astype(np.int64))

    def __len__(self) -> int:
        return len(self.substation_id)


@dataclass(frozen=True, slots=True)
class StoredBeside:
    """Beside each row what is stored under its key: ``is_there``; ``values`` [row, channel], NaN where nothing is."""

    is_there: BoolArray
    values: FloatArray
    derived: IntArray


def stored_beside(cursor: CursorWrapper, rows: ReadingRows) -> StoredBeside:
    """Read what is stored under the distinct keys of rows, which are sorted by substation and time.

    All between the first and the last row of a substation is read in one go. Where that is far more than the rows
    themselves (rows far apart, beside a dense record), each is looked for by its key: memory stays in proportion.
    """
    limit = READ_PER_ROW * len(rows)
    found = StoredRows.within(cursor, ChangedRanges.of(rows), limit)
    if len(found) == limit:
        found = StoredRows.within(cursor, ChangedRanges(rows.substation_id, rows.at, rows.at), limit)
    of_found, of_row = _pairs(found, rows)
    is_there, derived = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=np.int64)
    values = np.full(rows.values.shape, np.nan)
    is_there[of_row], derived[of_row], values[of_row] = True, found.derived[of_found], found.values[of_found]
    return StoredBeside(is_there, values, derived)


def _pairs(found: StoredRows, rows: ReadingRows) -> tuple[IntArray, IntArray]:
    """Positions of the same keys in both; neither has a key twice."""
    ids, at = np.append(found.substation_id, rows.substation_id), np.append(found.at, rows.at)
    order = np.lexsort((at, ids))  # it is stable: of the same key the stored row comes first
    ids, at = ids[order], at[order]
    first = np.flatnonzero((ids[1:] == ids[:-1]) & (at[1:] == at[:-1]))
    return order[first], order[first + 1] - len(found)
