# ruff: noqa: S608 (every name in the statements is that of a table of the project or made from a month)
"""Monthly partitions on PostgreSQL of what comes with every reading: old months are cheap to drop, new ones to scan.

Elsewhere every function here does nothing: SQLite keeps one table.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import OperationalError, connection, transaction

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

READINGS = "substations_reading"
SCORES = "mlcore_score"
# An advisory lock lets two loads that reach a new month together create its partition once.
LOCK_KEY = 7_303_170
# chosen: nobody waits longer for a month to be dropped; the next run tries again.
LOCK_TIMEOUT = "2s"
# chosen: shorter than the second after which PostgreSQL ends one of those that wait for each other (deadlock_timeout).
CREATE_LOCK_TIMEOUT_MS = 300
CREATE_WITHIN_S, CREATE_AGAIN_AFTER_S = 30.0, 0.05
LOCK_NOT_AVAILABLE = "55P03"


def months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The first instants (UTC) of each month that [start, end] touches and of the month after it."""
    month = start.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month <= end:
        after = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        yield month, after
        month = after


def ensure_months(start: datetime, end: datetime, *, table: str = READINGS) -> None:
    """Create the partitions for rows between two times, before these are written.

    Best outside of a transaction, or where that holds nothing yet: see ``_create_all``. A table that had rows before it
    had partitions holds them in one, up to a month of its name; that one stays.

    Raises:
        django.db.OperationalError: others worked on the tables for longer than is waited.
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
    if missing:
        _create_all(table, {name: wanted[name] for name in sorted(missing)})


def _create_all(table: str, missing: Mapping[str, tuple[datetime, datetime]]) -> None:
    """Create partitions, all or none.

    A new one needs its table and that of the substations for a moment. Who loads or judges uses both, too, in one order
    or the other: whoever had one of them and waited for the other would be waited for. So what cannot be had at once is
    given back, and asked for again.
    """
    give_up_at = time.monotonic() + CREATE_WITHIN_S
    while True:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('lock_timeout')")
                before = cursor.fetchone()[0]
                cursor.execute(f"SET LOCAL lock_timeout = {CREATE_LOCK_TIMEOUT_MS}")
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
                for name, (first, after) in missing.items():
                    _create(cursor, table, name, first, after)
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
            return
        except OperationalError as error:
            is_busy = getattr(error.__cause__, "sqlstate", "") == LOCK_NOT_AVAILABLE
            if not is_busy or time.monotonic() > give_up_at:
                raise
        time.sleep(CREATE_AGAIN_AFTER_S)


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
