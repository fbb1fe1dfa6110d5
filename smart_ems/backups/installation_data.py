"""Where an installation keeps what a backup is made of: its database, its files and its secret key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from smart_ems.env import VAR_DIR

from .backup_archive import SECRET_KEY

MEDIA, NOTIFICATIONS = "media", "notifications"


@dataclass(frozen=True, slots=True)
class InstallationData:
    """``folder``: the data folder; ``files``: by name, the folders of what is in no database."""

    folder: Path
    connection: BaseDatabaseWrapper
    files: dict[str, Path]

    @property
    def secret_key(self) -> Path:
        return self.folder / SECRET_KEY

    @property
    def sqlite_path(self) -> Path:
        return Path(str(self.connection.settings_dict["NAME"]))


def this_installation() -> InstallationData:
    files = {MEDIA: Path(settings.MEDIA_ROOT), NOTIFICATIONS: Path(settings.NOTIFY_FILES)}
    return InstallationData(VAR_DIR, connections["default"], files)


def installation_in(folder: Path, *, engine: str) -> InstallationData:
    """That of another data folder: with SQLite in the folder, with PostgreSQL in the database of the settings."""
    files = {name: folder / name for name in (MEDIA, NOTIFICATIONS)}
    if engine != "sqlite":
        return InstallationData(folder, connections["default"], files)
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db.sqlite3")}
    return InstallationData(folder, ConnectionHandler({"default": sqlite})["default"], files)
