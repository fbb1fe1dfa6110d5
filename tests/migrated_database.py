"""A migrated database that every process of the tests copies: migrating one takes as long as hundreds of tests.

Whoever comes first makes it, with ``manage.py migrate`` as everywhere. It is kept until a migration changes: that of
SQLite with pytest's cache, that of PostgreSQL on its server. Django still migrates each copy, and finds nothing to do.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg.sql import SQL, Identifier

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".pytest_cache/d/migrated"
ON_SERVER = "ems_migrated_"
DIGITS = 16  # of 64, chosen: names of databases stay short


def fingerprint(modules: list[ModuleType] | None = None) -> str:
    """What stays the same as long as the migrations of all apps do, and what they use of the project."""
    if modules is None:
        found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations.values()
        modules = [sys.modules[each.__module__] for each in found]
    files = {Path(str(module.__file__)) for module in modules}
    files |= {*ROOT.glob("core/*.py"), ROOT / "substations/models.py"}
    digest = hashlib.sha256(django.__version__.encode())
    for file in sorted(files):
        digest.update(f"{file.parent.parent.name}/{file.name}".encode() + file.read_bytes())
    return digest.hexdigest()[:DIGITS]


@contextmanager
def migrated_file() -> Iterator[Path]:
    """A migrated database of SQLite, made now where there is none or one of other migrations; nobody replaces it."""
    file = FOLDER / f"{fingerprint()}.sqlite3"
    with _alone():
        if not file.exists():
            for old in FOLDER.glob("*.sqlite3*"):
                old.unlink()
            part = file.with_suffix(".part")
            part.unlink(missing_ok=True)
            _migrate(f"sqlite:///{part}")
            with closing(sqlite3.connect(part)) as database:
                database.execute("PRAGMA journal_mode=DELETE")  # a copy in memory can have no log beside it
            part.rename(file)
        yield file


def copy_migrated_file(target: Path) -> None:
    """The database of an installation that was migrated and has never run."""
    with migrated_file() as file:
        shutil.copyfile(file, target)


@contextmanager
def copied_into_memory(name: str) -> Iterator[None]:
    """The shared database in memory that Django will open by this name is migrated."""
    with closing(sqlite3.connect(name, uri=True)) as copy:
        with migrated_file() as file, closing(sqlite3.connect(file)) as source:
            source.backup(copy)
        yield


def copied_on_the_server() -> None:
    """Let Django create its database on PostgreSQL as a copy of a migrated one, made now where there is none."""
    name = f"{ON_SERVER}{fingerprint()}"
    server = os.environ["DATABASE_URL"]
    with _alone(), psycopg.connect(server, autocommit=True) as there:
        found = there.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [ON_SERVER]).fetchall()
        if (name,) not in found:
            for (old,) in found:
                there.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(old)))
            part = f"{name}_part"
            there.execute(SQL("CREATE DATABASE {}").format(Identifier(part)))
            _migrate(urlunsplit(urlsplit(server)._replace(path=f"/{part}")))
            there.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(part), Identifier(name)))
    connection.settings_dict["TEST"]["TEMPLATE"] = name


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time among those that test this checkout."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(database_url: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(command, env=os.environ | {"DATABASE_URL": database_url}, check=True)
