"""Installations of their own, on SQLite and PostgreSQL, that are backed up and restored."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import environ
import psycopg
from django.conf import settings
from django.db.utils import ConnectionHandler
from django.utils import timezone

from smart_ems.backups.installation_data import MEDIA, NOTIFICATIONS, InstallationData, installation_in
from smart_ems.backups.making_backups import make_backup
from smart_ems.backups.restoring import Restored, restore

Rows = dict[str, list[tuple[Any, ...]]]
SCENE = """
from datetime import UTC, datetime, timedelta
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction
from ingestion.models import Upload
from notifications.secret_box import seal
from notifications.models import NotificationChannel
from substations.models import Reading, Substation
from substations.partitions import ensure_months
User.objects.create_superuser("admin", password="secret-pass-1")
one, two = (Substation.objects.create(code=code) for code in ("SS-Ä1", "W"))
start = datetime(2025, 1, 1, tzinfo=UTC)
with transaction.atomic():
    ensure_months(start, start + timedelta(days=40))
Reading.objects.bulk_create(
    Reading(substation=one, at=start + timedelta(hours=hour), active_power_kw=hour / 7) for hour in range(960)
)
upload = Upload(original_name="a b.csv", size=3, sha256="0", fingerprint="0")
upload.file.save("a b.csv", ContentFile(b"a,b"))
NotificationChannel.objects.create(name="hook", kind="webhook", sealed=seal({"secret": "whsec"}))
"""
WRITER = """
import itertools, sqlite3, sys
from datetime import UTC, datetime, timedelta
import psycopg
where, is_sqlite = sys.argv[1], "://" not in sys.argv[1]
database = sqlite3.connect(where, timeout=30) if is_sqlite else psycopg.connect(where)
mark = "?" if is_sqlite else "%s"
for number in itertools.count():
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    at = at.strftime("%Y-%m-%d %H:%M:%S") if is_sqlite else at
    database.execute("INSERT INTO substations_reading (substation_id, at, active_power_kw, derived) "
                     f"VALUES (2, {mark}, {mark}, 0)", (at, number))
    database.execute('INSERT INTO substations_pendingrange (substation_id, start, "end", created_at) '
                     f"VALUES (2, {mark}, {mark}, {mark})", (at, at, at))
    database.commit()
    if number == 20:
        print("writing", flush=True)
"""


@dataclass
class Installation:
    """A data folder and a database; ``url`` is empty for SQLite in the folder."""

    folder: Path
    url: str = ""
    env: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> InstallationData:
        if not self.url:
            return installation_in(self.folder, engine="sqlite")
        database = environ.Env.db_url_config(self.url)
        files = {name: self.folder / name for name in (MEDIA, NOTIFICATIONS)}
        return InstallationData(self.folder, ConnectionHandler({"default": database})["default"], files)

    def back_up(self, folder: Path, *, passphrase: str = "") -> Path:
        data = self.data
        try:
            return make_backup(folder, passphrase=passphrase, now=timezone.now(), source=data).path
        finally:
            data.connection.close()

    def restore(self, path: Path, *, passphrase: str = "", replace: bool = False) -> Restored:
        data = self.data
        try:
            return restore(path, data, passphrase=passphrase, replace=replace, now=timezone.now())
        finally:
            data.connection.close()

    def environment(self) -> dict[str, str]:
        names = ("DATABASE_URL", "REDIS_URL", "EMS_SECRET_KEY")
        mine = {name: value for name, value in os.environ.items() if name not in names and "BACKUP" not in name}
        return mine | {"EMS_VAR_DIR": str(self.folder)} | ({"DATABASE_URL": self.url} if self.url else {}) | self.env

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment(), capture_output=True, text=True, check=False
        )

    def done(self, *arguments: str) -> str:
        """What a command says that has to work."""
        ended = self.manage(*arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def writer(self) -> subprocess.Popen[str]:
        """A process that writes a reading and its pending range, always both, until it is ended."""
        where = self.url or str(self.folder / "db.sqlite3")
        process = subprocess.Popen([sys.executable, "-c", WRITER, where], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "writing"
        return process

    def execute(self, statement: str) -> None:
        if self.url:
            with psycopg.connect(self.url) as connection:
                connection.execute(statement)
            return
        with closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            database.execute(statement)
            database.commit()

    def rows(self) -> Rows:
        """Every row of every table."""
        if self.url:
            with psycopg.connect(self.url) as connection:
                return _all_rows(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        with closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return _all_rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'")

    def files(self) -> dict[str, bytes]:
        """The uploaded files by name."""
        root = self.folder / "media"
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _all_rows(database: Any, tables: str) -> Rows:
    names = [name for (name,) in database.execute(tables).fetchall()]
    return {name: sorted(database.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}  # noqa: S608


def database_beside(server: str, name: str, *, template: str = "template0") -> str:
    """A new database of a PostgreSQL server: its URL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def drop_database(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
