"""Making one backup: database first, then files, so that no row of the copy names a file that is not in it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError

from smart_ems.private_files import FOLDER_MODE, everything
from smart_ems.version import version

from . import BackupRefused, backup_archive
from .backup_archive import ArchiveWriter
from .backup_manifest import Manifest
from .backup_rotation import name_of
from .database_dump import DatabaseDump, dump
from .installation_data import MEDIA, InstallationData, this_installation
from .kept_settings import kept_settings

UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True)
class MadeBackup:
    path: Path
    size_bytes: int
    manifest: Manifest


def make_backup(folder: Path, *, passphrase: str, now: datetime, source: InstallationData | None = None) -> MadeBackup:
    """Write one backup of an installation (this one) into a folder; with a passphrase encrypted, and with its key.

    Raises:
        BackupRefused: it could not be made; nothing of it is left.
    """
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with _alone(folder):
            return _made(folder, passphrase, now, source or this_installation())
    except (OSError, sqlite3.Error, DatabaseError) as error:
        raise BackupRefused(f"The backup to {folder} could not be made: {_reason(error)}.") from error


def _made(folder: Path, passphrase: str, now: datetime, source: InstallationData) -> MadeBackup:
    target = folder / name_of(now, encrypted=bool(passphrase))
    while target.exists():
        now += timedelta(seconds=1)
        target = folder / name_of(now, encrypted=bool(passphrase))
    work = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
    try:
        archive = work / "archive"
        database = dump(source.connection, work)
        with backup_archive.writing(archive, passphrase=passphrase) as writer:
            manifest = _fill(writer, database, now, source, with_key=bool(passphrase))
        archive.rename(target)
        _sync_folder(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return MadeBackup(target, target.stat().st_size, manifest)


def _fill(
    writer: ArchiveWriter, database: DatabaseDump, now: datetime, source: InstallationData, *, with_key: bool
) -> Manifest:
    copied_at_s = database.path.stat().st_mtime
    writer.add_path(database.path.name, database.path)
    database.path.unlink()  # its space may be needed
    writer.add_bytes(backup_archive.SETTINGS, json.dumps(kept_settings(os.environ), indent=1).encode())
    if with_key and source.secret_key.is_file():
        writer.add_path(backup_archive.SECRET_KEY, source.secret_key)
    for name, root in source.files.items():
        # What channels append to has no rows: it is taken as it is.
        _add_files(writer, name, root, until_s=copied_at_s if name == MEDIA else None)
    manifest = Manifest(
        version(),
        now.isoformat(timespec="seconds"),
        database.engine,
        database.migrations,
        database.rows,
        writer.members,
    )
    writer.add_bytes(backup_archive.MANIFEST, manifest.to_json())
    return manifest


def _add_files(writer: ArchiveWriter, name: str, root: Path, *, until_s: float | None) -> None:
    """Every file below a folder; not one that was written after the database was copied, which has no row in it."""
    for path in sorted(everything(root)) if root.is_dir() else ():
        try:
            found = path.lstat()
            is_newer = until_s is not None and found.st_mtime > until_s
            if path.is_symlink() or not path.is_file() or is_newer:
                continue
            writer.add_path(f"{backup_archive.FILES}/{name}/{path.relative_to(root).as_posix()}", path)
        except FileNotFoundError:  # deleted meanwhile
            continue


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup into a folder at a time; what a killed one left is cleared away."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"Another backup to {folder} is being made.") from None
        for left in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return said.strip().rstrip(".")
