# ruff: noqa: S608 (every name in the statements is a constant of this module or made from a month)
"""Monthly partitions of the readings on PostgreSQL, so that old months are cheap to drop and new ones to scan.

Elsewhere every function here does nothing: SQLite keeps one table.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

TABLE = "substations_reading"
# An advisory lock lets two loads that reach a new month together create its partition once.
LOCK_KEY = 7_303_170


def months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The first instants (UTC) of each month that [start, end] touches and of the month after it."""
    month = start.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month <= end:
        after = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        yield month, after
        month = after


def ensure_months(start: datetime, end: datetime) -> None:
    """Create the partitions for readings between two times. Call it inside the transaction that writes them."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        wanted = {f"{TABLE}_{first:%Y_%m}": (first, after) for first, after in months(start, end)}
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s)", [list(wanted)])
        missing = wanted.keys() - {name for (name,) in cursor.fetchall()}
        if not missing:
            return
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
        for name in sorted(missing):
            _create(cursor, name, *wanted[name])


def _create(cursor: CursorWrapper, name: str, first: datetime, after: datetime) -> None:
    """Create one partition, and move into it what was stored before it existed."""
    stray = f'FROM "{TABLE}_other" WHERE at >= %s AND at < %s'
    cursor.execute(f"CREATE TEMPORARY TABLE stray_readings ON COMMIT DROP AS SELECT * {stray}", [first, after])
    cursor.execute(f"DELETE {stray}", [first, after])
    cursor.execute(
        f'CREATE TABLE IF NOT EXISTS "{name}" PARTITION OF "{TABLE}" '
        f"FOR VALUES FROM ('{first.isoformat()}') TO ('{after.isoformat()}')"
    )
    cursor.execute(f'INSERT INTO "{TABLE}" SELECT * FROM stray_readings')
    cursor.execute("DROP TABLE stray_readings")
