# ruff: noqa: S608 (every name in the statements is a constant of this module or of channels.py)
"""Rows some of which may be stored already: staged in a temporary table, compared there, written by one statement.

Writing the same rows again changes nothing. Where a key exists already, a measured value replaces; a blank or a derived
value never erases a measured one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ingestion.changed_ranges import ChangedRanges
from ingestion.overwriting import keep_overwritten
from ingestion.row_writing import write_rows
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
    """What a write will do to one row: ``accepted`` (it is new), ``replaced`` or ``unchanged``."""

    line: int
    outcome: str


def merge(
    cursor: CursorWrapper, rows: ReadingRows, *, with_outcomes: bool
) -> tuple[Stored, ChangedRanges, list[RowOutcome]]:
    """Upsert rows with distinct keys: what that did, to which stretches and, where asked, to which row."""
    _stage(cursor, rows)
    outcomes = _outcomes(cursor) if with_outcomes else []
    stored, changes = _compare(cursor)
    if stored.replaced:
        keep_overwritten(cursor, _JOIN, _wins)
    if stored.new or stored.replaced:
        cursor.execute(_upsert())
    return stored, changes, outcomes


def reading_columns(rows: ReadingRows) -> dict[str, NDArray[np.generic]]:
    """The columns of the table of readings."""
    values = {name: rows.values[:, index] for index, name in enumerate(CHANNEL_NAMES)}
    return {"substation_id": rows.substation_id, "at": rows.at, "derived": rows.derived.astype(np.int32), **values}


def _stage(cursor: CursorWrapper, rows: ReadingRows) -> None:
    real, moment = ("double precision", "timestamptz") if connection.vendor == "postgresql" else ("real", "datetime")
    channels = ", ".join(f"{name} {real}" for name in CHANNEL_NAMES)
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGE} "
        f"(line bigint, substation_id bigint, at {moment}, derived integer, {channels})"
    )
    cursor.execute(f"DELETE FROM {_STAGE}")
    write_rows(cursor, _STAGE, {"line": rows.lines, **reading_columns(rows)})
    if connection.vendor == "postgresql":
        cursor.execute(f"ANALYZE {_STAGE}")


def _wins(name: str, bit: int, new: str, old: str) -> str:
    """True if the new value of a channel takes the place of the old one."""
    return (
        f"({new}.{name} IS NOT NULL AND (({new}.derived & {bit}) = 0 "
        f"OR {old}.{name} IS NULL OR ({old}.derived & {bit}) <> 0))"
    )


def _changes(new: str, old: str) -> str:
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    return " OR ".join(
        f"({_wins(name, 1 << i, new, old)} AND ({new}.{name} {differs} {old}.{name} "
        f"OR ({new}.derived & {1 << i}) <> ({old}.derived & {1 << i})))"
        for i, name in enumerate(CHANNEL_NAMES)
    )


_JOIN = f"FROM {_STAGE} s LEFT JOIN {READINGS} r ON r.substation_id = s.substation_id AND r.at = s.at"


def _outcomes(cursor: CursorWrapper) -> list[RowOutcome]:
    cursor.execute(
        f"SELECT s.line, CASE WHEN r.at IS NULL THEN 'accepted' WHEN {_changes('s', 'r')} THEN 'replaced' "
        f"ELSE 'unchanged' END {_JOIN} ORDER BY s.line"
    )
    return [RowOutcome(line, outcome) for line, outcome in cursor.fetchall()]


def _compare(cursor: CursorWrapper) -> tuple[Stored, ChangedRanges]:
    """Count what is new, changed and equal, and find the stretch of each substation that has to be scored."""
    cursor.execute(
        f"SELECT substation_id, COUNT(*), SUM(is_new), SUM(is_changed), "
        f"MIN(CASE WHEN is_new + is_changed > 0 THEN at END), MAX(CASE WHEN is_new + is_changed > 0 THEN at END) "
        f"FROM (SELECT s.substation_id AS substation_id, s.at AS at, "
        f"CASE WHEN r.at IS NULL THEN 1 ELSE 0 END AS is_new, "
        f"CASE WHEN r.at IS NOT NULL AND ({_changes('s', 'r')}) THEN 1 ELSE 0 END AS is_changed {_JOIN}) AS compared "
        f"GROUP BY substation_id"
    )
    new = replaced = total = 0
    changes: list[tuple[int, datetime, datetime]] = []
    for substation_id, count, fresh, changed, start, end in cursor.fetchall():
        total, new, replaced = total + count, new + int(fresh), replaced + int(changed)
        if fresh or changed:
            changes.append((substation_id, _aware(start), _aware(end)))
    return Stored(new, replaced, total - new - replaced), ChangedRanges.of_records(changes)


def _aware(moment: datetime | str) -> datetime:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _upsert() -> str:
    names = ", ".join(CHANNEL_NAMES)
    won = {name: _wins(name, 1 << i, "excluded", READINGS) for i, name in enumerate(CHANNEL_NAMES)}
    values = ", ".join(
        f"{name} = CASE WHEN {won[name]} THEN excluded.{name} ELSE {READINGS}.{name} END" for name in CHANNEL_NAMES
    )
    derived = " | ".join(
        f"(CASE WHEN {won[name]} THEN excluded.derived ELSE {READINGS}.derived END & {1 << i})"
        for i, name in enumerate(CHANNEL_NAMES)
    )
    return (
        f"INSERT INTO {READINGS} (substation_id, at, derived, {names}) "
        f"SELECT substation_id, at, derived, {names} FROM {_STAGE} s WHERE TRUE ORDER BY substation_id, at "
        f"ON CONFLICT (substation_id, at) DO UPDATE SET {values}, derived = {derived} "
        f"WHERE {_changes('excluded', READINGS)}"
    )
