"""Delete what is older than it is kept, now."""

from __future__ import annotations

import math
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from rich.table import Table

from core.console import wide_table
from smart_ems.retention import pruning
from smart_ems.retention.retention_kinds import kinds


class Command(BaseCommand):
    help = "Delete readings, scores, files and records that are older than the settings keep them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what there is and what would go; delete nothing"
        )
        parser.add_argument("--only", choices=[kind.name for kind in kinds()], default="", help="one kind")
        parser.add_argument("--vacuum", action="store_true", help="SQLite: then make the file smaller; others wait")

    def handle(self, *args: Any, dry_run: bool, only: str, vacuum: bool, **options: Any) -> None:
        now = timezone.now()
        if dry_run:
            self._show(only)
            return
        freed = pruning.prune_all(now=now, only=only, run_for_s=math.inf)
        for kind in kinds():
            if kind.name in freed:
                self.stdout.write(f"{kind.label}: {freed[kind.name]:,} deleted.")
        if not freed:
            self.stdout.write("Nothing has a limit, or another process is at it.")
        if vacuum:
            pruning.give_space_back()

    def _show(self, only: str) -> None:
        now = timezone.now()
        table = Table("kind", "kept", "there are", "oldest", "size", "would go")
        for kind in kinds():
            if only in ("", kind.name):
                found = kind.measured(now)
                days = f"{kind.days:g} days" if kind.days else f"for ever ({kind.suggested_days} days would free)"
                size = "" if found.size_bytes is None else filesizeformat(found.size_bytes)
                oldest = f"{found.oldest_at:%Y-%m-%d}" if found.oldest_at else "–"
                table.add_row(str(kind.label), days, f"{found.rows:,}", oldest, size, f"{found.would_free:,}")
        wide_table(self.stdout).print(table)
