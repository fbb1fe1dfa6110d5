# ruff: noqa: S608 (every name in the statements is a constant of this module or of channels.py)
"""Rows → the readings table, in bulk: staged in a temporary table, compared there, then written by one statement.

Only the staging differs between databases (binary COPY on PostgreSQL, executemany on SQLite). Writing the same rows
again changes nothing. Where a key exists already, a measured value replaces; a blank or a derived value never erases a
measured one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from numpy.typing import NDArray

from ingestion.problems import IntArray
from ingestion.timestamps import TimeArray
from ingestion.validation import FromFuture, ReadingRows
from substations.channels import CHANNEL_NAMES
from substations.models import PendingRange, StaleRange, Substation
from substations.partitions import ensure_months

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

FRESH = timedelta(days=1)
"""Chosen: a meter that answers once a day is live."""

FURTHEST = np.datetime64("9999-12-30", "us")
"""The last day that every database and every time zone can hold."""

_TABLE = "substations_reading"
_STAGE = "ingestion_stage"
# PostgreSQL, COPY, binary format: signature, flags and length of the extension.
_COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_TRAILER = b"\xff\xff"
_POSTGRES_EPOCH = np.datetime64("2000-01-01", "us")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a write did, in rows."""

    new: int
    replaced: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What a write will do to one row: ``accepted`` (it is new), ``replaced`` or ``unchanged``."""

    line: int
    outcome: str


def store(rows: ReadingRows) -> Stored:
    """Upsert rows with distinct keys, and leave a PendingRange and a StaleRange for each substation changed."""
    return _store(rows, with_outcomes=False)[0]


def store_with_outcomes(rows: ReadingRows) -> tuple[Stored, list[RowOutcome]]:
    """Like ``store``, with the outcome of every single row; for small batches."""
    return _store(rows, with_outcomes=True)


def _store(rows: ReadingRows, *, with_outcomes: bool) -> tuple[Stored, list[RowOutcome]]:
    if not len(rows):
        return Stored(0, 0, 0), []
    with transaction.atomic():
        _note_arrival(rows.substation_id)
        for month in _months(rows.at):
            ensure_months(month, month)
        with connection.cursor() as cursor:
            _stage(cursor, rows)
            outcomes = _outcomes(cursor) if with_outcomes else []
            stored, pending = _compare(cursor)
            if stored.new or stored.replaced:
                cursor.execute(_upsert())
        PendingRange.objects.bulk_create(pending)
        StaleRange.objects.bulk_create(_stale(pending))
        Substation.objects.filter(pk__in=np.unique(rows.substation_id).tolist()).update(received_at=Now())
    return stored, outcomes


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


def _note_arrival(substation_id: IntArray) -> None:
    """Lock the substations, always in the same order, so that two loads can neither deadlock nor count a row twice."""
    ids = np.unique(substation_id).tolist()
    known = Substation.objects.filter(pk__in=ids)
    list(known.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    known.update(received_at=timezone.now())


def _months(at: TimeArray) -> Iterator[datetime]:
    for month in np.unique(at.astype("datetime64[M]")):
        yield month.astype("datetime64[s]").item().replace(tzinfo=UTC)


def _stage(cursor: CursorWrapper, rows: ReadingRows) -> None:
    real, moment = ("double precision", "timestamptz") if connection.vendor == "postgresql" else ("real", "datetime")
    channels = ", ".join(f"{name} {real}" for name in CHANNEL_NAMES)
    cursor.execute(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGE} "
        f"(line bigint, substation_id bigint, at {moment}, derived integer, {channels})"
    )
    cursor.execute(f"DELETE FROM {_STAGE}")
    if connection.vendor == "postgresql":
        with cast(Any, cursor).copy(f"COPY {_STAGE} FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(_COPY_HEADER + _binary(rows).tobytes() + _COPY_TRAILER)
        cursor.execute(f"ANALYZE {_STAGE}")
        return
    columns = (rows.lines.tolist(), rows.substation_id.tolist(), _iso(rows.at), rows.derived.tolist())
    places = ", ".join(["%s"] * (4 + len(CHANNEL_NAMES)))
    # SQLite stores a NaN as NULL, which is what it means here.
    cursor.executemany(
        f"INSERT INTO {_STAGE} VALUES ({places})", list(zip(*columns, *rows.values.T.tolist(), strict=True))
    )


def _iso(at: TimeArray) -> list[str]:
    """As Django writes times into SQLite: no offset, and microseconds only where there are any."""
    whole = np.datetime_as_string(at, unit="s")
    exact = np.datetime_as_string(at, unit="us")
    texts = np.where(at == at.astype("datetime64[s]"), whole, exact)
    return cast(list[str], np.char.replace(texts, "T", " ").tolist())


def _binary(rows: ReadingRows) -> NDArray[np.void]:
    """Rows in PostgreSQL's binary COPY format: every field has a fixed width, so that one array holds the stream."""
    width = 4 + len(CHANNEL_NAMES)
    fields = [("line", ">i8"), ("substation", ">i8"), ("at", ">i8"), ("derived", ">i4")]
    fields += [(name, ">f8") for name in CHANNEL_NAMES]
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in fields:
        layout += [(f"{name}_length", ">i4"), (name, kind)]
    stream = np.zeros(len(rows), dtype=layout)
    stream["fields"] = width
    for name, kind in fields:
        stream[f"{name}_length"] = np.dtype(kind).itemsize
    stream["line"], stream["substation"], stream["derived"] = rows.lines, rows.substation_id, rows.derived
    stream["at"] = (rows.at - _POSTGRES_EPOCH).astype(np.int64)
    for index, name in enumerate(CHANNEL_NAMES):
        stream[name] = rows.values[:, index]
    return stream


def _given(name: str, new: str) -> str:
    """A staged value; PostgreSQL's staging writes a blank as NaN."""
    return f"NULLIF({new}.{name}, 'NaN')" if connection.vendor == "postgresql" and new == "s" else f"{new}.{name}"


def _wins(name: str, bit: int, new: str, old: str) -> str:
    """True if the new value of a channel takes the place of the old one."""
    return (
        f"({_given(name, new)} IS NOT NULL AND (({new}.derived & {bit}) = 0 "
        f"OR {old}.{name} IS NULL OR ({old}.derived & {bit}) <> 0))"
    )


def _changes(new: str, old: str) -> str:
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    return " OR ".join(
        f"({_wins(name, 1 << i, new, old)} AND ({_given(name, new)} {differs} {old}.{name} "
        f"OR ({new}.derived & {1 << i}) <> ({old}.derived & {1 << i})))"
        for i, name in enumerate(CHANNEL_NAMES)
    )


_JOIN = f"FROM {_STAGE} s LEFT JOIN {_TABLE} r ON r.substation_id = s.substation_id AND r.at = s.at"


def _outcomes(cursor: CursorWrapper) -> list[RowOutcome]:
    cursor.execute(
        f"SELECT s.line, CASE WHEN r.at IS NULL THEN 'accepted' WHEN {_changes('s', 'r')} THEN 'replaced' "
        f"ELSE 'unchanged' END {_JOIN} ORDER BY s.line"
    )
    return [RowOutcome(line, outcome) for line, outcome in cursor.fetchall()]


def _compare(cursor: CursorWrapper) -> tuple[Stored, list[PendingRange]]:
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
    pending: list[PendingRange] = []
    for substation_id, count, fresh, changed, start, end in cursor.fetchall():
        total, new, replaced = total + count, new + int(fresh), replaced + int(changed)
        if fresh or changed:
            pending.append(PendingRange(substation_id=substation_id, start=_aware(start), end=_aware(end)))
    return Stored(new, replaced, total - new - replaced), pending


def _stale(pending: list[PendingRange]) -> list[StaleRange]:
    return [StaleRange(substation_id=each.substation_id, start=each.start, end=each.end) for each in pending]


def _aware(moment: datetime | str) -> datetime:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _upsert() -> str:
    names = ", ".join(CHANNEL_NAMES)
    given = ", ".join(_given(name, "s") for name in CHANNEL_NAMES)
    won = {name: _wins(name, 1 << i, "excluded", _TABLE) for i, name in enumerate(CHANNEL_NAMES)}
    values = ", ".join(
        f"{name} = CASE WHEN {won[name]} THEN excluded.{name} ELSE {_TABLE}.{name} END" for name in CHANNEL_NAMES
    )
    derived = " | ".join(
        f"(CASE WHEN {won[name]} THEN excluded.derived ELSE {_TABLE}.derived END & {1 << i})"
        for i, name in enumerate(CHANNEL_NAMES)
    )
    return (
        f"INSERT INTO {_TABLE} (substation_id, at, derived, {names}) "
        f"SELECT substation_id, at, derived, {given} FROM {_STAGE} s WHERE TRUE ORDER BY substation_id, at "
        f"ON CONFLICT (substation_id, at) DO UPDATE SET {values}, derived = {derived} "
        f"WHERE {_changes('excluded', _TABLE)}"
    )
