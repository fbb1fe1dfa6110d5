"""The database that a restore replaces: whether it holds anything, whether anybody has it open, and the exchange."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from . import BackupRefused
from .database_dump import POSTGRES_TABLES, client_command, last_line, missing_client, postgres_rows, sqlite_rows

OTHER_CONNECTIONS = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND coalesce(backend_type, 'client backend') = 'client backend'
"""
STOP = "Stop web, workers and beat, then restore."


def sqlite_files(path: Path) -> list[Path]:
    """A database and what stands beside it."""
    return [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm", "-journal")]


def is_empty(connection: BaseDatabaseWrapper) -> bool:
    """Whether there is no table in it."""
    if connection.vendor == "sqlite":
        path = Path(str(connection.settings_dict["NAME"]))
        return not path.is_file() or not sqlite_rows(path)
    with connection.cursor() as cursor:
        cursor.execute(POSTGRES_TABLES)
        return cursor.fetchone() is None


def check_unused(connection: BaseDatabaseWrapper) -> None:
    """Close our own connection, and see that there is no other.

    Raises:
        BackupRefused: another process has the database open.
    """
    connection.close()
    if connection.vendor == "sqlite":
        _check_sqlite_unused(Path(str(connection.settings_dict["NAME"])))
        return
    with connection.cursor() as cursor:
        cursor.execute(OTHER_CONNECTIONS)
        others = cursor.fetchone()[0]
    connection.close()
    if others:
        raise BackupRefused(f"{others} other connections to the database are open. {STOP}")


def _check_sqlite_unused(path: Path) -> None:
    if not path.is_file():
        return
    database = sqlite3.connect(path, timeout=1)
    try:
        database.execute("PRAGMA journal_mode=DELETE")  # needs the file alone, and folds its log into it
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        raise BackupRefused(f"Another process has {path} open. {STOP}") from None
    finally:
        database.close()


def replace_postgres(connection: BaseDatabaseWrapper, dump: Path, rows: dict[str, int]) -> dict[str, int]:
    """Everything in the schema ``public`` for what a dump holds, in one transaction; rows by table afterwards.

    rows: by table, what there has to be; the transaction ends without effect where it is not.

    Raises:
        BackupRefused: the database is as it was.
    """
    # First written as a whole: of a script that ends early, the half would be committed.
    script = dump.with_suffix(".sql")
    _run(
        ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", f"--file={script}", str(dump)],
        dict(os.environ),
    )
    _run(*client_command(
        connection, "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1",
        "--command=DROP SCHEMA IF EXISTS public CASCADE", "--command=CREATE SCHEMA public", f"--file={script}",
        *(f"--command={_counted(table, count)}" for table, count in rows.items()),
    ))  # fmt: skip
    with connection.cursor() as cursor:
        found = postgres_rows(cursor)
    connection.close()
    return found


def _counted(table: str, count: int) -> str:
    """A statement that fails where a table does not hold so many rows."""
    name = table.replace('"', '""')
    return f'SELECT 1 / (CASE WHEN (SELECT count(*) FROM public."{name}") = {int(count)} THEN 1 ELSE 0 END)'  # noqa: S608


def _run(command: list[str], env: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
    except FileNotFoundError:
        raise BackupRefused(missing_client(command[0])) from None
    if done.returncode:
        raise BackupRefused(f"PostgreSQL could not be restored, nothing was changed: {_error(done.stderr)}")


def _error(text: str) -> str:
    errors = [line for line in text.splitlines() if "ERROR" in line or "FATAL" in line]
    return errors[0] if errors else last_line(text)
