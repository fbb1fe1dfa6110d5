# ruff: noqa: S608 (every name in the statements is a constant of this module or of channels.py)
"""Rows some of which may be stored already: compared with what is there, and only what differs is written.

Writing the same rows again changes nothing. Where a key exists already, a measured value replaces; a blank or a derived
value never erases a measured one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ingestion.overwriting import CHANNEL_BITS, keep_overwritten
from ingestion.problems import BoolArray
from ingestion.row_writing import write_rows
from ingestion.stored_rows import StoredBeside, stored_beside
from ingestion.validation import ReadingRows
from substations.channels import CHANNEL_NAMES
from substations.partitions import READINGS

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

_STAGE = "ingestion_stage"


@dataclass(frozen=True, slots=True)
class Stored:
    """What a write did, in rows."""

    new: int
    replaced: int
    unchanged: int

    def __add__(self, other: Stored) -> Stored:
        return Stored(self.new + other.new, self.replaced + other.replaced, self.unchanged + other.unchanged)


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What a write did to one row: ``accepted`` (it is new), ``replaced`` or ``unchanged``."""

    line: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Merged:
    """Rows as they count from now on. By row: ``is_new``, ``is_replaced``; by row and channel: ``is_lost``, where a
    measured value gives way to another one."""

    rows: ReadingRows
    is_new: BoolArray
    is_replaced: BoolArray
    is_lost: BoolArray

    @classmethod
    def of(cls, rows: ReadingRows, stored: StoredBeside) -> Self:
        """Channel by channel: which value counts, and does it change anything?"""
        is_derived, was_derived = (each.derived[:, None] & CHANNEL_BITS != 0 for each in (rows, stored))
        is_given, was_given = ~np.isnan(rows.values), ~np.isnan(stored.values)
        wins = is_given & (~is_derived | ~was_given | was_derived)
        differs = wins & (rows.values != stored.values)  # where nothing was, this is true as well
        counting = ReadingRows(
            rows.lines,
            rows.substation_id,
            rows.at,
            np.where(wins, rows.values, stored.values),
            np.where(wins, is_derived, was_derived) @ CHANNEL_BITS,
        )
        changes = (differs | (wins & (is_derived != was_derived))).any(axis=1)
        return cls(counting, ~stored.is_there, stored.is_there & changes, differs & was_given & ~was_derived)

    @property
    def is_changed(self) -> BoolArray:
        """By row: it has to be written, and scored."""
        return self.is_new | self.is_replaced

    def counts(self) -> Stored:
        """In rows."""
        new, replaced = int(np.count_nonzero(self.is_new)), int(np.count_nonzero(self.is_replaced))
        return Stored(new, replaced, len(self.rows) - new - replaced)

    def outcomes(self) -> list[RowOutcome]:
        """Of every single row."""
        words = np.where(self.is_new, "accepted", np.where(self.is_replaced, "replaced", "unchanged"))
        return [RowOutcome(*each) for each in zip(self.rows.lines.tolist(), words.tolist(), strict=True)]


def merge(cursor: CursorWrapper, rows: ReadingRows) -> Merged:
    """Upsert rows with distinct keys, sorted by substation and time, whose substations are locked."""
    stored = stored_beside(cursor, rows)
    merged = Merged.of(rows, stored)
    keep_overwritten(cursor, rows, stored.values, merged.is_lost)
    write_rows(cursor, READINGS, reading_columns(merged.rows.taken(np.flatnonzero(merged.is_new))))
    _replace(cursor, merged.rows.taken(np.flatnonzero(merged.is_replaced)))
    return merged


def reading_columns(rows: ReadingRows) -> dict[str, NDArray[np.generic]]:
    """The columns of the table of readings."""
    values = {name: rows.values[:, index] for index, name in enumerate(CHANNEL_NAMES)}
    return {"substation_id": rows.substation_id, "at": rows.at, "derived": rows.derived.astype(np.int32), **values}


def _replace(cursor: CursorWrapper, rows: ReadingRows) -> None:
    """Put whole rows in the place of those with their keys, by way of a temporary table."""
    if not len(rows):
        return
    is_postgresql = connection.vendor == "postgresql"
    real, moment = ("double precision", "timestamptz") if is_postgresql else ("real", "datetime")
    channels = ", ".join(f"{name} {real}" for name in CHANNEL_NAMES)
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGE} "
        f"(substation_id bigint, at {moment}, derived integer, {channels})"
    )
    # Nobody vacuums a temporary table: rows that are deleted would stay in it until the connection ends.
    cursor.execute(f"TRUNCATE {_STAGE}" if is_postgresql else f"DELETE FROM {_STAGE}")
    write_rows(cursor, _STAGE, reading_columns(rows))
    names = ", ".join(("derived", *CHANNEL_NAMES))
    values = ", ".join(f"{name} = excluded.{name}" for name in ("derived", *CHANNEL_NAMES))
    cursor.execute(
        f"INSERT INTO {READINGS} (substation_id, at, {names}) SELECT substation_id, at, {names} FROM {_STAGE} "
        f"WHERE TRUE ON CONFLICT (substation_id, at) DO UPDATE SET {values}"
    )
