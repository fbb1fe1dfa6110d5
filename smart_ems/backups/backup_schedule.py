"""A backup a day into ``EMS_BACKUP_DIR``, and an alarm of the system where none comes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts import system_alarms
from alerts.system_alarms import Trouble
from core.formatting import duration

from . import BackupRefused
from .backup_rotation import KeptCounts, backups_in, drop_old
from .backup_settings import passphrase
from .making_backups import make_backup

logger = logging.getLogger(__name__)
DUE_AFTER = timedelta(hours=23, minutes=45)
"""Chosen: asked for twice an hour, so that the time of day stays what it was."""
LATE_AFTER = timedelta(hours=36)
"""Chosen: a day that one attempt after the other failed, and half a day to notice."""
MAX_DETAIL = 300


@dataclass(frozen=True, slots=True)
class BackupState:
    """The newest backup of the folder; None where there is none."""

    folder: Path
    made_at: datetime | None
    path: Path | None
    count: int

    def is_due(self, now: datetime) -> bool:
        return self.made_at is None or now - self.made_at >= DUE_AFTER

    def is_late(self, now: datetime) -> bool:
        return self.made_at is None or now - self.made_at >= LATE_AFTER


def backup_state() -> BackupState | None:
    """What stands in ``EMS_BACKUP_DIR``; None where no backups are made by themselves.

    Raises:
        OSError: the folder cannot be read.
    """
    if not settings.BACKUP_DIR:
        return None
    folder = Path(settings.BACKUP_DIR)
    found = backups_in(folder)
    newest = next(iter(found), None)
    return BackupState(folder, newest, found[newest] if newest else None, len(found))


def backup_when_due(*, now: datetime) -> Path | None:
    """Make the backup of this day where it is due, drop those that no longer stay, and raise or close the alarm."""
    made, trouble = None, ""
    try:
        state = backup_state()
        if state and state.is_due(now):
            made = make_backup(state.folder, passphrase=passphrase(), now=now).path
            drop_old(state.folder, kept_counts())
    except (BackupRefused, OSError) as error:
        logger.error("%s", error)
        trouble = str(error)
    follow(trouble, now=now)
    return made


def kept_counts() -> KeptCounts:
    return KeptCounts(settings.BACKUP_KEEP_DAILY, settings.BACKUP_KEEP_WEEKLY, settings.BACKUP_KEEP_MONTHLY)


def follow(trouble: str, *, now: datetime) -> None:
    """Raise or close the alarm: an attempt that failed, or a newest backup that is too old."""
    found = {}
    if settings.BACKUP_DIR and (said := trouble or _lateness(now)):
        found["folder"] = Trouble(settings.BACKUP_DIR[:120], said[:MAX_DETAIL], reverse("admin:index"))
    system_alarms.follow(system_alarms.Kind.BACKUP, found, now=now)


def _lateness(now: datetime) -> str:
    state = backup_state()
    if state is None or not state.is_late(now):
        return ""
    if state.made_at is None:
        return _("There is no backup in the folder.")
    return _("The newest backup is %(age)s old.") % {"age": duration(now - state.made_at)}
