"""A backup put in the place of what is there: checked first, then exchanged, so that a failure changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.migrations.loader import MigrationLoader

from smart_ems.private_files import FOLDER_MODE, close_folder
from smart_ems.supervisor.system import only_one
from smart_ems.version import version

from . import BackupRefused, backup_archive, database_exchange
from .backup_archive import DATABASES, FILES, SECRET_KEY
from .backup_manifest import Manifest
from .database_dump import sqlite_rows
from .folder_exchange import Exchange
from .installation_data import InstallationData
from .making_backups import make_backup

STAGING = ".restoring-"
SAFETY = "before-restore"


@dataclass(frozen=True, slots=True)
class Restored:
    """``rows``: by table, as counted afterwards; ``safety``: the backup of what was there before, if anything was."""

    manifest: Manifest
    rows: dict[str, int]
    safety: Path | None
    migrations_to_apply: int
    has_secret_key: bool


def restore(backup: Path, target: InstallationData, *, passphrase: str, replace: bool, now: datetime) -> Restored:
    """Check a backup and put it in the place of what the target holds.

    replace: what is there is backed up into ``before-restore`` of the target's folder first; without it, a target that
    holds anything is refused.

    Raises:
        BackupRefused: the backup, the target or the version does not fit, or something runs there; nothing was changed.
    """
    try:
        with stopped(target), _staging(target.folder) as staging:
            is_empty = database_exchange.is_empty(target.connection) and not any(map(_has_files, target.files.values()))
            if not is_empty and not replace:
                raise BackupRefused(
                    f"{target.folder} holds an installation already. Restore into an empty folder and database, or "
                    "give --replace: what is there is backed up first."
                )
            manifest = backup_archive.unpack(backup, into=staging, passphrase=passphrase)
            waiting = check_fits(manifest, target)
            safety = None
            if not is_empty:
                safety = make_backup(target.folder / SAFETY, passphrase=passphrase, now=now, source=target).path
                target.connection.close()
            rows = _put(staging, target, manifest)
            has_key = (target.folder / SECRET_KEY).is_file() and SECRET_KEY in manifest.members
            return Restored(manifest, rows, safety, waiting, has_key)
    except (OSError, sqlite3.Error, DatabaseError) as error:
        raise BackupRefused(f"{backup} could not be restored: {error}.") from error


def check_fits(manifest: Manifest, target: InstallationData | None = None) -> int:
    """How many migrations of this version the backup's database still needs.

    Raises:
        BackupRefused: it is of a newer version than this one, or of another kind of database than the target.
    """
    if target is not None and manifest.engine != target.connection.vendor:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        found, expected = (names.get(each, each) for each in (manifest.engine, target.connection.vendor))
        raise BackupRefused(
            f"Received a backup of {found}; the target is {expected}. Set DATABASE_URL to a database of that kind, "
            "or leave it out and give --into DIR for SQLite."
        )
    disk = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    known = {f"{app}.{name}" for app, name in disk}
    known |= {f"{app}.{name}" for migration in disk.values() for app, name in migration.replaces}
    if unknown := sorted(set(manifest.migrations) - known):
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise BackupRefused(
            f"The backup is of version {manifest.version}, newer than this one ({version()}): its database has the "
            f"migrations {', '.join(unknown[:3])}{more}, which this version does not know. Install that version first."
        )
    return len({f"{app}.{name}" for app, name in disk} - set(manifest.migrations))


def _put(staging: Path, target: InstallationData, manifest: Manifest) -> dict[str, int]:
    """The database and then the files; with SQLite all or nothing, with PostgreSQL its transaction comes first."""
    database = staging / DATABASES[manifest.engine]
    with Exchange(staging / "former") as exchange:
        if manifest.engine == "sqlite":
            rows = _checked(sqlite_rows(database), manifest)
            for path in database_exchange.sqlite_files(target.sqlite_path):
                exchange.take_away(path)
            exchange.put(database, target.sqlite_path)
        else:
            rows = _checked(database_exchange.replace_postgres(target.connection, database, manifest.rows), manifest)
        for name, folder in target.files.items():
            exchange.take_away(folder)
            new = staging / FILES / name
            new.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            exchange.put(new, folder)
        if (staging / SECRET_KEY).is_file():
            exchange.take_away(target.secret_key)
            exchange.put(staging / SECRET_KEY, target.secret_key)
    close_folder(target.folder)
    return rows


def _checked(rows: dict[str, int], manifest: Manifest) -> dict[str, int]:
    if wrong := sorted(name for name in rows.keys() | manifest.rows if rows.get(name) != manifest.rows.get(name)):
        found = ", ".join(f"{name}: {rows.get(name)} for {manifest.rows.get(name)}" for name in wrong[:3])
        raise BackupRefused(f"The database of the backup does not hold the rows of its manifest ({found}).")
    return rows


@contextmanager
def stopped(target: InstallationData) -> Iterator[None]:
    """Hold the lock of a start, and see that no process has the database open."""
    try:
        with only_one(target.folder / "run"):
            database_exchange.check_unused(target.connection)
            yield
    except CommandError as error:
        raise BackupRefused(str(error)) from error


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    for left in folder.glob(f"{STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))
