"""Load the demo grid and show how far it is."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from alerts.models import Alert
from ingestion.models import Upload
from smart_ems.demo import demo_bill, demo_history


class Command(BaseCommand):
    help = "Load the demo grid: ten substations with 45 days of readings and several losses to find."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="load it although the database has substations")
        parser.add_argument("--no-wait", action="store_true", help="do not wait for training and scoring")

    def handle(self, *args: Any, force: bool, no_wait: bool, **options: Any) -> None:
        if not force and not demo_history.is_wanted():
            raise CommandError("The database has substations already. Use --force to add the demo grid to them.")
        upload = demo_history.load()
        if not no_wait:
            self._wait(upload)

    def _wait(self, upload: Upload) -> None:
        console = Console(file=sys.stdout)
        columns = (TextColumn("  {task.description}"), BarColumn(24), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("Loading the demo grid", total=1.0)
            last = ""
            while not (now := demo_history.progress(upload)).is_done:
                bar.update(task, description=now.stage, completed=now.share)
                if now.stage.split(" (")[0] != last and not console.is_terminal:
                    last = now.stage.split(" (")[0]
                    self.stdout.write(f"  {last} …")
                    self.stdout.flush()
                time.sleep(0.5)
        if upload.state != Upload.State.LOADED:
            raise CommandError(now.stage)
        demo_bill.enter()
        counts = Alert.objects.counts()
        self.stdout.write(
            f"  The demo grid is ready: {counts['active']} open alerts, {counts['critical']} of them critical, "
            f"{Alert.objects.in_history().count()} in the history."
        )
