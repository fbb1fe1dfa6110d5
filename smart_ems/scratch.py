"""The whole pipeline on a database of its own that is thrown away afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import environ
import psycopg
from django.apps import apps
from django.conf import settings
from django.core.files import File
from django.core.management import call_command
from django.db import connections
from psycopg.sql import SQL, Identifier

from core.saved_fields import save_fields
from ingestion import services as ingestion
from ingestion.models import Upload
from ingestion.options import ImportOptions
from mlcore.models import Detection
from mlcore.services import score_pending, train_all
from substations import registry
from substations.models import Substation


class DetectError(Exception):
    """A file that cannot be used; the text says why and what to add to the command."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one file."""

    name: str
    rows_good: int
    rows_bad: int


@contextmanager
def scratch_database(journal: str = "MEMORY", server: str = "", *, migrated: bool = False) -> Iterator[Path]:
    """Everything inside works on an empty database and an upload folder of its own; both are deleted after.

    journal: the journal mode of SQLite; WAL where several processes write. server: URL of a PostgreSQL database beside
    which one may be created; empty means SQLite. migrated: with the history of a real one, for other processes.
    """
    before_connection, before_media, before_scorers = connections["default"], settings.MEDIA_ROOT, settings.SCORER_FILES
    before_settings = connections.settings["default"]
    with tempfile.TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix="scratch-") as folder:
        own = _postgres(server) if server else _sqlite(Path(folder), journal)
        with own as its_settings:
            connections.settings["default"] = before_settings | its_settings
            del connections["default"]
            settings.MEDIA_ROOT, settings.SCORER_FILES = folder, Path(folder) / "scorers"
            try:
                _make_tables(migrated=migrated)
                yield Path(folder)
            finally:
                connections["default"].close()
                connections.settings["default"] = before_settings
                connections["default"] = before_connection
                settings.MEDIA_ROOT, settings.SCORER_FILES = before_media, before_scorers


def _make_tables(*, migrated: bool) -> None:
    """The tables as the models are now: the way that a real database came here takes ten times as long."""
    before = settings.MIGRATION_MODULES
    if not migrated:
        settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
    try:
        call_command("migrate", interactive=False, verbosity=0, run_syncdb=True)
    finally:
        settings.MIGRATION_MODULES = before


@contextmanager
def _sqlite(folder: Path, journal: str) -> Iterator[dict[str, Any]]:
    yield {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / "db.sqlite3"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": f"PRAGMA journal_mode={journal}; PRAGMA synchronous=OFF; PRAGMA cache_size=-64000;",
        },
    }


@contextmanager
def _postgres(server: str) -> Iterator[dict[str, Any]]:
    """A new database beside the one that the URL names."""
    name = f"ems_scratch_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    try:
        yield {"OPTIONS": {}} | environ.Env.db_url_config(server) | {"NAME": name}
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def register(substations: Path | None, links: Path | None) -> None:
    """Nameplates and links from CSV files.

    Raises:
        registry.RegistryError: a file cannot be used.
    """
    plates = registry.read_substations(substations) if substations else []
    registry.register(plates, registry.read_links(links) if links else [])


def take_in(file: Path, options: ImportOptions) -> Intake:
    """Load one file as an upload would be.

    Raises:
        DetectError: it was rejected, or it leaves a question open; the text names the flag that answers it.
    """
    with file.open("rb") as handle:
        received = ingestion.receive(File(handle, name=file.name), source=Upload.Source.COMMAND, options=options)
    upload = received.upload
    if upload.state == Upload.State.WAITING:
        raise DetectError(f"{file.name}: {' '.join(_question(each) for each in upload.questions)}")
    if upload.state == Upload.State.QUEUED:
        ingestion.load(upload.pk)
        upload.refresh_from_db()
    if upload.state != Upload.State.LOADED:
        raise DetectError(f"{file.name}: {upload.reason or upload.get_state_display()}")
    return Intake(file.name, upload.rows_read - upload.rows_bad, upload.rows_bad)


FLAGS = {
    "time": "--start 2025-01-01 --interval 15min",
    "interval": "--interval 15min",
    "substation": "--substation CODE",
    "time_zone": "--time-zone Asia/Kolkata",
}
BY_PROFILE = "--profile FILE, as ./ems inspect explains it"


def _question(question: dict[str, Any]) -> str:
    return f"{question['text']} (Answer with {FLAGS.get(question['about'], BY_PROFILE)}.)"


def detect(until: datetime | None, *, refine: bool = True) -> Sequence[Detection]:
    """Train every substation with enough data (until a time), score everything, and return what was found.

    refine: as in ``mlcore.detector.train_fleet``.
    """
    train_until(until, refine=refine)
    return score_everything()


def train_until(until: datetime | None, *, refine: bool = True) -> None:
    """Train every substation with enough data from its readings before a time.

    A scratch database has no settings worth keeping: each substation's reading interval is what its readings show.
    """
    for substation in Substation.objects.all():
        if measured := substation.measured_interval_s():
            save_fields(substation, reading_interval_s=measured)
    train_all(until=until, refine=refine)


def score_everything() -> Sequence[Detection]:
    """Score what waits, until nothing does; every detection, by substation and time."""
    while score_pending():
        pass
    return list(Detection.objects.not_withdrawn().select_related("substation").order_by("substation__code", "start"))
