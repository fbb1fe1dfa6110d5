# ruff: noqa: S608 (every name in the statements is that of a table of the project or made from a month)
"""Monthly partitions on PostgreSQL of what comes with every reading: old months are cheap to drop, new ones to scan.

Elsewhere every function here does nothing: SQLite keeps one table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

READINGS = "substations_reading"
SCORES = "mlcore_score"
# An advisory lock lets two loads that reach a new month together create its partition once.
LOCK_KEY = 7_303_170
# chosen: nobody waits longer for a month to be dropped; the next run tries again.
LOCK_TIMEOUT = "2s"


def months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The first instants (UTC) of each month that [start, end] touches and of the month after it."""
    month = start.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month <= end:
        after = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        yield month, after
        month = after


def ensure_months(start: datetime, end: datetime, *, table: str = READINGS) -> None:
    """Create the partitions for rows between two times, before these are written.

    A table that had rows before it had partitions holds them in one, up to a month of its name; that one stays.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        wanted = {f"{table}_{first:%Y_%m}": (first, after) for first, after in months(start, end)}
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) OR relname ~ %s",
            [list(wanted), f"^{table}_before_[0-9_]+$"],
        )
        found = {name for (name,) in cursor.fetchall()}
        covered = max((name.removeprefix(f"{table}_before_") for name in found if "_before_" in name), default="")
        missing = {name for name in wanted.keys() - found if name.removeprefix(f"{table}_") >= covered}
        if not missing:
            return
        with transaction.atomic():
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
            for name in sorted(missing):
                _create(cursor, table, name, *wanted[name])


def _create(cursor: CursorWrapper, table: str, name: str, first: datetime, after: datetime) -> None:
    """Create one partition, and move into it what was stored before it existed."""
    stray = f'FROM "{table}_other" WHERE at >= %s AND at < %s'
    cursor.execute(f"CREATE TEMPORARY TABLE stray_rows ON COMMIT DROP AS SELECT * {stray}", [first, after])
    cursor.execute(f"DELETE {stray}", [first, after])
    cursor.execute(
        f'CREATE TABLE IF NOT EXISTS "{name}" PARTITION OF "{table}" '
        f"FOR VALUES FROM ('{first.isoformat()}') TO ('{after.isoformat()}')"
    )
    cursor.execute(f'INSERT INTO "{table}" SELECT * FROM stray_rows')
    cursor.execute("DROP TABLE stray_rows")


def months_before(before: datetime, *, table: str) -> list[str]:
    """Names of the partitions that hold nothing from ``before`` on, oldest first."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = %s::regclass",
            [table],
        )
        ends = {name: _end_of(name, table) for (name,) in cursor.fetchall()}
    return sorted(name for name, end in ends.items() if end is not None and end <= before)


def _end_of(name: str, table: str) -> datetime | None:
    """The first instant after a partition; None for the one of what has no month."""
    found = re.fullmatch(rf"{table}_(before_)?(\d{{4}})_(\d\d)", name)
    if found is None:
        return None
    month = datetime(int(found[2]), int(found[3]), 1, tzinfo=UTC)
    return month if found[1] else next(after for _first, after in months(month, month))


def drop_month(name: str) -> int:
    """Drop one partition with its rows; how many they were. Inside a transaction.

    Raises:
        django.db.OperationalError: somebody works on the table for longer than is waited.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute(f'SELECT count(*) FROM "{name}"')
        rows: int = cursor.fetchone()[0]
        cursor.execute(f'DROP TABLE "{name}"')
    return rows
