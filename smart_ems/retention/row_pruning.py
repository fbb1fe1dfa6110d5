"""Files, events, sessions and logs that are older than they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from alerts.models import SystemAlarm
from ingestion.models import Upload
from ingestion.overwritten_models import OverwrittenReading
from smart_ems.accounts.security_event_models import SecurityEvent
from smart_ems.change_history.models import ConfigurationChange
from smart_ems.env import VAR_DIR

from .reading_pruning import PruningPiece

PIECE_ROWS = 500
"""Chosen: as for messages, a short transaction."""
LOG_FOLDER = VAR_DIR / "log"
ROTATED = "*.log.*"


def old_files(before: datetime) -> QuerySet[Upload]:
    """Uploads that are done with and whose file is still there."""
    return Upload.objects.filter(state__in=Upload.FINAL, finished_at__lt=before).exclude(file="")


def prune_files(before: datetime) -> Iterator[PruningPiece]:
    """The file goes, the upload with its counts and its rejected rows stays."""
    while found := list(old_files(before).order_by("pk").values_list("pk", "file")[:PIECE_ROWS]):
        for pk, name in found:
            default_storage.delete(name)  # first: of one that is killed here the row still names what to delete
            Upload.objects.filter(pk=pk, file=name).update(file="")
        yield PruningPiece(len(found))


EVENTS: Sequence[tuple[QuerySet[Any], str]] = (
    (LogEntry.objects.all(), "action_time"),
    (SecurityEvent.objects.all(), "at"),
    (ConfigurationChange.objects.all(), "at"),
    (OverwrittenReading.objects.all(), "overwritten_at"),
    (SystemAlarm.objects.all(), "closed_at"),
)
"""Of the administration, of accounts, of what is configured, and alarms of the system that are over."""


def prune_events(before: datetime) -> Iterator[PruningPiece]:
    for rows, field in EVENTS:
        yield from _in_pieces(rows.filter(**{f"{field}__lt": before}))


def old_sessions(before: datetime) -> QuerySet[Session]:
    """Those that ended on their own before."""
    return Session.objects.filter(expire_date__lt=before)


def prune_sessions(before: datetime) -> Iterator[PruningPiece]:
    yield from _in_pieces(old_sessions(before))


def log_files() -> list[Path]:
    """Logs that were put aside; those that are written stay."""
    return sorted(LOG_FOLDER.glob(ROTATED))


def old_logs(before: datetime) -> list[Path]:
    return [path for path in log_files() if path.stat().st_mtime < before.timestamp()]


def prune_logs(before: datetime) -> Iterator[PruningPiece]:
    found = old_logs(before)
    for path in found:
        path.unlink(missing_ok=True)
    yield PruningPiece(len(found))


def _in_pieces(rows: QuerySet[Any]) -> Iterator[PruningPiece]:
    while chosen := list(rows.order_by("pk").values_list("pk", flat=True)[:PIECE_ROWS]):
        rows.model._default_manager.filter(pk__in=chosen).delete()
        yield PruningPiece(len(chosen))
