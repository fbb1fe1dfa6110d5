"""Where backups go and what encrypts them, by the settings."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from smart_ems.env import VAR_DIR

from . import BackupRefused


def backup_folder() -> Path:
    """``EMS_BACKUP_DIR``, else a folder in the data folder: on the same disk, but better than none."""
    return Path(settings.BACKUP_DIR) if settings.BACKUP_DIR else VAR_DIR / "backups"


def passphrase(file: Path | None = None) -> str:
    """That of a file, else that of ``EMS_BACKUP_PASSPHRASE`` or ``EMS_BACKUP_PASSPHRASE_FILE``; empty without any.

    Raises:
        BackupRefused: the file cannot be read or holds none.
    """
    path = file or (Path(settings.BACKUP_PASSPHRASE_FILE) if settings.BACKUP_PASSPHRASE_FILE else None)
    if path is None or (file is None and settings.BACKUP_PASSPHRASE):
        return str(settings.BACKUP_PASSPHRASE)
    try:
        found = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupRefused(f"The passphrase cannot be read from {path}: {error}.") from error
    if not found:
        raise BackupRefused(f"Received an empty file {path}; expected a passphrase in it.")
    return found
