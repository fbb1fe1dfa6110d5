"""The whole database as one file, of one moment, while others write: SQLite's online backup, or ``pg_dump``.

Rows are counted in what was copied: on SQLite in the file, on PostgreSQL in the snapshot that ``pg_dump`` reads.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from . import BackupRefused
from .backup_archive import DATABASES

MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"
POSTGRES_TABLES = """
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname
"""


@dataclass(frozen=True, slots=True)
class DatabaseDump:
    """``rows``: by table; ``migrations``: those applied, as ``app.name``."""

    path: Path
    engine: str
    rows: dict[str, int]
    migrations: list[str]


def dump(connection: BaseDatabaseWrapper, folder: Path) -> DatabaseDump:
    """Copy the database of a connection into a folder.

    Raises:
        BackupRefused: it cannot be copied, or the copy is damaged.
    """
    path = folder / DATABASES[connection.vendor]
    if connection.vendor == "sqlite":
        _copy_sqlite(connection, path)
        return DatabaseDump(path, connection.vendor, sqlite_rows(path), _sqlite_migrations(path))
    return _dump_postgres(connection, path)


def _copy_sqlite(connection: BaseDatabaseWrapper, path: Path) -> None:
    connection.ensure_connection()
    target = sqlite3.connect(path)
    try:
        # All pages at once: in WAL mode readers hold up no writer, and a copy in steps would begin anew at each write.
        connection.connection.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, no log beside it
        (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
    finally:
        target.close()
    if found != "ok":
        raise BackupRefused(
            f"The database is damaged: {found}. The newest older backup is still good; no new one was made."
        )


def sqlite_rows(path: Path) -> dict[str, int]:
    """Rows by table of a file that nobody writes to."""
    with sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        names = [name for (name,) in tables if not name.startswith("sqlite_")]
        rows = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
    database.close()
    return rows


def _sqlite_migrations(path: Path) -> list[str]:
    with sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True) as database:
        applied = [f"{app}.{name}" for app, name in database.execute(MIGRATIONS)]
    database.close()
    return applied


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _dump_postgres(connection: BaseDatabaseWrapper, path: Path) -> DatabaseDump:
    own = connection.copy()
    try:
        own.ensure_connection()
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            # Not compressed: the archive is.
            run_client(own, "pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-privileges",
                       f"--snapshot={snapshot}", f"--file={path}")  # fmt: skip
            cursor.execute(MIGRATIONS)
            migrations = [f"{app}.{name}" for app, name in cursor.fetchall()]
            return DatabaseDump(path, own.vendor, postgres_rows(cursor), migrations)
    finally:
        own.close()


def postgres_rows(cursor: Any) -> dict[str, int]:
    """Rows by table; a partitioned one is one table."""
    cursor.execute(POSTGRES_TABLES)
    rows = {}
    for (name,) in cursor.fetchall():
        cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608  (a name that the database gave)
        rows[name] = cursor.fetchone()[0]
    return rows


def client_command(connection: BaseDatabaseWrapper, program: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """A client program's command line and environment for the database of a connection; the password in the latter."""
    words, env = type(connection.client).settings_to_cmd_args_env(connection.settings_dict, [])
    *address, name = words[1:]
    return [program, *address, *arguments, "--dbname", name], {**os.environ, **(env or {})}


def run_client(connection: BaseDatabaseWrapper, program: str, *arguments: str) -> None:
    """Raises:
    BackupRefused: the program is missing or fails; the last line that it said is in the text.
    """
    command, env = client_command(connection, program, *arguments)
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BackupRefused(missing_client(program)) from None
    if done.returncode:
        raise BackupRefused(f"{program} failed: {last_line(done.stderr)}")


def missing_client(program: str) -> str:
    return f"{program} is missing: install the client programs of PostgreSQL (Debian: apt install postgresql-client)."


def last_line(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if line]
    return lines[-1] if lines else "it said nothing."
