"""Back up the whole installation into one file."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from smart_ems.backups import BackupRefused, backup_rotation
from smart_ems.backups.backup_settings import backup_folder, passphrase
from smart_ems.backups.making_backups import make_backup


class Command(BaseCommand):
    help = "Back up database, files and settings into one file, while everything runs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="folder (default: EMS_BACKUP_DIR, else var/backups)")
        parser.add_argument("--keep", type=_positive, metavar="N", help="delete all but the newest N backups in it")
        parser.add_argument("--encrypt", action="store_true", help="refuse to write one that is not encrypted")
        parser.add_argument(
            "--passphrase-file", type=Path, metavar="FILE", help="encrypt with the passphrase in a file"
        )

    def handle(self, *args: Any, to: Path | None, keep: int | None, encrypt: bool, **options: Any) -> None:
        try:
            secret = passphrase(options["passphrase_file"])
            if encrypt and not secret:
                raise CommandError("Received no passphrase; set EMS_BACKUP_PASSPHRASE or EMS_BACKUP_PASSPHRASE_FILE.")
            made = make_backup(to or backup_folder(), passphrase=secret, now=timezone.now())
        except BackupRefused as error:
            raise CommandError(str(error)) from error
        rows, tables = sum(made.manifest.rows.values()), len(made.manifest.rows)
        self.stdout.write(f"{made.path}: {filesizeformat(made.size_bytes)}, {rows:,} rows of {tables} tables.")
        for path in backup_rotation.drop_all_but(made.path.parent, keep) if keep else ():
            self.stdout.write(f"Deleted {path}")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"received “{text}”; expected a number from 1")
    return int(text)
