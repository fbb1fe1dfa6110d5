"""Put a backup in the place of what is there."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from rich.table import Table

from core.console import wide_table
from smart_ems.backups import BackupRefused, backup_archive
from smart_ems.backups.backup_settings import passphrase
from smart_ems.backups.installation_data import InstallationData, installation_in, this_installation
from smart_ems.backups.restoring import Restored, check_fits, restore


class Command(BaseCommand):
    help = "Check a backup and restore it, into an empty installation or, with --replace, in the place of one."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a backup that ./ems backup made")
        parser.add_argument("--into", type=Path, metavar="DIR", help="data folder (default: that of the settings)")
        parser.add_argument("--replace", action="store_true", help="back up what is there, then replace it")
        parser.add_argument("--check", action="store_true", help="read it to its end, and change nothing")
        parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="the passphrase of an encrypted one")

    def handle(self, *args: Any, file: Path, into: Path | None, replace: bool, check: bool, **options: Any) -> None:
        try:
            if not file.is_file():
                raise BackupRefused(f"Received {file}; expected a backup file.")
            secret = passphrase(options["passphrase_file"])
            if check:
                self._check(file, secret)
                return
            done = restore(file, _target(file, into), passphrase=secret, replace=replace, now=timezone.now())
        except BackupRefused as error:
            raise CommandError(str(error)) from error
        self._report(done, into)

    def _check(self, file: Path, secret: str) -> None:
        manifest = backup_archive.unpack(file, into=None, passphrase=secret)
        check_fits(manifest)
        rows = f"{sum(manifest.rows.values()):,} rows of {len(manifest.rows)} tables"
        self.stdout.write(f"{file.name} is whole: {manifest.engine}, {manifest.made_at}, {rows}.")

    def _report(self, done: Restored, into: Path | None) -> None:
        table = Table("table", "rows", "in the manifest")
        for name, expected in done.manifest.rows.items():
            if expected:
                table.add_row(name, f"{done.rows[name]:,}", f"{expected:,}")
        wide_table(self.stdout).print(table)
        empty = sum(not count for count in done.manifest.rows.values())
        self.stdout.write(f"Restored: every row of {done.manifest.made_at}; {empty} tables are empty.")
        if done.safety:
            self.stdout.write(f"What was there before: {done.safety}")
        if not done.has_secret_key:
            self.stdout.write(
                "The backup holds no secret key. With another one than before, everybody signs in again and secrets "
                "of channels are entered again; with EMS_SECRET_KEY set to the former one nothing is lost."
            )
        if done.migrations_to_apply:
            self.stdout.write(
                f"{done.migrations_to_apply} migrations have to be applied: ./ems up does so, or manage migrate."
            )
        command = f"{f'EMS_VAR_DIR={into} ' if into else ''}./ems up"
        self.stdout.write(f"Start it with {command}, or your processes: web, workers, beat.")


def _target(file: Path, into: Path | None) -> InstallationData:
    """SQLite goes into the folder that is named; PostgreSQL into the database of the settings."""
    if into is None:
        return this_installation()
    return installation_in(into, engine=connection.vendor)
