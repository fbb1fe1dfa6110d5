"""What there is to keep: each kind with its setting, what is older than that, and how much there is of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Min, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.models import Upload
from mlcore.models import Score
from notifications import retention as message_retention
from notifications.models import OutgoingMessage
from substations.models import Reading

from . import row_pruning
from .reading_pruning import PruningPiece, prune_rows


@dataclass(frozen=True, slots=True)
class KindFigures:
    """Rows or files, the time of the oldest, bytes on the disk where these are known, and how many are too old."""

    rows: int
    oldest_at: datetime | None
    size_bytes: int | None
    would_free: int


@dataclass(frozen=True, slots=True)
class RetentionKind:
    """``suggested_days``: what the page reckons with where nothing is set."""

    name: str
    label: str | Promise
    setting: str
    suggested_days: int
    prune: Callable[[datetime], Iterator[PruningPiece]]
    figures: Callable[[datetime], KindFigures]

    @property
    def days(self) -> float:
        """How long it is kept; 0: for ever."""
        return float(getattr(settings, self.setting))

    @property
    def variable(self) -> str:
        return f"EMS_{self.setting}"

    def cutoff(self, now: datetime) -> datetime | None:
        """What is older goes; None where all is kept."""
        return now - timedelta(days=self.days) if self.days > 0 else None

    def measured(self, now: datetime) -> KindFigures:
        return self.figures(now - timedelta(days=self.days or self.suggested_days))


def _of(rows: QuerySet[Any], field: str, table: str) -> Callable[[datetime], KindFigures]:
    def figures(before: datetime) -> KindFigures:
        oldest = rows.aggregate(oldest=Min(field))["oldest"]
        return KindFigures(rows.count(), oldest, table_bytes(table), rows.filter(**{f"{field}__lt": before}).count())

    return figures


def _event_figures(before: datetime) -> KindFigures:
    found = [_of(rows, field, rows.model._meta.db_table)(before) for rows, field in row_pruning.EVENTS]
    oldest = min((each.oldest_at for each in found if each.oldest_at), default=None)
    sizes = [each.size_bytes for each in found if each.size_bytes is not None]
    return KindFigures(
        sum(each.rows for each in found), oldest, sum(sizes) if sizes else None, sum(each.would_free for each in found)
    )


def _file_figures(before: datetime) -> KindFigures:
    stored = Upload.objects.exclude(file="")
    found = stored.aggregate(oldest=Min("finished_at"), size=Sum("size"))
    return KindFigures(stored.count(), found["oldest"], found["size"] or 0, row_pruning.old_files(before).count())


def _log_figures(before: datetime) -> KindFigures:
    found = [path.stat() for path in row_pruning.log_files()]
    oldest = min((each.st_mtime for each in found), default=None)
    at = datetime.fromtimestamp(oldest, before.tzinfo) if oldest is not None else None
    return KindFigures(len(found), at, sum(each.st_size for each in found), len(row_pruning.old_logs(before)))


def _prune_messages(before: datetime) -> Iterator[PruningPiece]:
    """By the rules of the messages themselves, which the sweep follows as well."""
    now = before + timedelta(days=settings.NOTIFY_KEEP_DAYS)
    while freed := message_retention.prune(now=now):
        yield PruningPiece(freed)


def table_bytes(table: str) -> int | None:
    """Bytes of a table with its indexes and partitions; None where the database does not say."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(to_regclass(%s))", [table])
        found = cursor.fetchone()[0]
        if found is None:
            cursor.execute("SELECT pg_total_relation_size(to_regclass(%s))", [table])
            found = cursor.fetchone()[0]
        return None if found is None else int(found)


def kinds() -> Sequence[RetentionKind]:
    """In the order of the page."""
    return (
        RetentionKind(
            "readings", _("Readings"), "KEEP_READINGS_DAYS", 730,
            lambda before: prune_rows(Reading, before=before),
            _of(Reading.objects.all(), "at", "substations_reading"),
        ),
        RetentionKind(
            "scores", _("Scores"), "KEEP_SCORES_DAYS", 730,
            lambda before: prune_rows(Score, before=before),
            _of(Score.objects.all(), "at", "mlcore_score"),
        ),
        RetentionKind("files", _("Uploaded files"), "KEEP_FILES_DAYS", 365, row_pruning.prune_files, _file_figures),
        RetentionKind(
            "events", _("Administration, sign-ins, changes"), "KEEP_EVENTS_DAYS", 730, row_pruning.prune_events,
            _event_figures,
        ),
        RetentionKind(
            "messages", _("Messages"), "NOTIFY_KEEP_DAYS", 400, _prune_messages,
            _of(OutgoingMessage.objects.all(), "created_at", "notifications_outgoingmessage"),
        ),
        RetentionKind(
            "sessions", _("Sessions that ended"), "KEEP_SESSIONS_DAYS", 1, row_pruning.prune_sessions,
            _of(Session.objects.all(), "expire_date", "django_session"),
        ),
        RetentionKind("logs", _("Former log files"), "KEEP_LOGS_DAYS", 90, row_pruning.prune_logs, _log_figures),
    )  # fmt: skip
