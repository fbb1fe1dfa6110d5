# ruff: noqa: S608 (names of our tables)
"""What an installation takes up: the database as a whole and by table, and the folders of its data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.db import OperationalError, connection

from smart_ems.retention.retention_kinds import table_bytes

FOLDERS = ("uploads", "reports", "notifications", "scorers", "log")


@dataclass(frozen=True, slots=True)
class StoredSizes:
    """Bytes: of the database, of it free for what comes next (SQLite), of each folder and table; rows of each table.

    A table's bytes are those of its indexes, too; none is given where the database does not say.
    """

    database: int
    free: int
    folders: dict[str, int]
    tables: dict[str, int]
    rows: dict[str, int]

    @classmethod
    def measured(cls, folder: Path) -> StoredSizes:
        names = sorted(model._meta.db_table for model in apps.get_models(include_auto_created=True))
        with connection.cursor() as cursor:
            rows = {}
            for name in names:
                cursor.execute(f'SELECT count(*) FROM "{name}"')
                rows[name] = cursor.fetchone()[0]
        folders = {name: _bytes_in(folder / name) for name in FOLDERS}
        return cls(*_database(), folders, _tables(names), rows)


def _database() -> tuple[int, int]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database()), 0")
        else:
            cursor.execute(
                "SELECT page_count * page_size, freelist_count * page_size "
                "FROM pragma_page_count, pragma_page_size, pragma_freelist_count"
            )
        size, free = cursor.fetchone()
    return int(size), int(free)


def _tables(names: list[str]) -> dict[str, int]:
    if connection.vendor == "postgresql":
        return {name: table_bytes(name) or 0 for name in names}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY tbl_name")
            found = dict(cursor.fetchall())
    except OperationalError:  # this SQLite was built without it
        return {}
    return {name: int(found.get(name, 0)) for name in names}


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
