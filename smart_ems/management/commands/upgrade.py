"""Bring the database to the version of the program that stands here, and back to where it was if that fails."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from smart_ems.backups import BackupRefused
from smart_ems.backups.backup_settings import backup_folder, passphrase
from smart_ems.backups.installation_data import this_installation
from smart_ems.backups.making_backups import make_backup
from smart_ems.backups.restoring import restore, stopped
from smart_ems.static import collect_static
from smart_ems.version import version


class Command(BaseCommand):
    help = "Back up, migrate and check, after a new version was put here; go back to the backup if that fails."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="folder of the backup (default: as ./ems backup)")

    def handle(self, *args: Any, to: Path | None, **options: Any) -> None:
        try:
            with stopped(this_installation()):
                secret = passphrase()
                made = make_backup(to or backup_folder(), passphrase=secret, now=timezone.now())
                connections.close_all()
        except BackupRefused as error:
            raise CommandError(f"Nothing was changed. {error}") from error
        self.stdout.write(f"Backed up: {made.path}")
        try:
            self._migrate()
        except Exception as error:  # whatever it is, what was there comes back
            self._go_back(made.path, secret, error)
        self.stdout.write(
            f"This is version {version()}. Start it with ./ems up, or your processes: web, workers, beat."
        )

    def _migrate(self) -> None:
        call_command("migrate", interactive=False, verbosity=1)
        call_command("check", databases=["default"])
        call_command("migrate", check_unapplied=True, plan=True)
        collect_static()

    def _go_back(self, backup: Path, secret: str, error: Exception) -> None:
        connections.close_all()
        try:
            restore(backup, this_installation(), passphrase=secret, replace=True, now=timezone.now())
        except BackupRefused as failed:
            raise CommandError(
                f"The upgrade failed: {error}. Going back failed too: {failed} The backup is {backup}: "
                "put the former version back, then ./ems restore it with --replace."
            ) from error
        raise CommandError(
            f"The upgrade failed: {error}. Database and files are as they were before. Put the former version of the "
            "program back and start it; the backup stays."
        ) from error
