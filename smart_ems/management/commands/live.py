"""Feed the demo grid with new readings."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from django.utils import timezone

from smart_ems.demo import demo_history


class Command(BaseCommand):
    help = "Feed the demo grid at its real pace; what was missed while nothing ran comes first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, default=0.5, help="seconds between readings while catching up (0.5)")
        parser.add_argument("--steps", type=int, default=0, help="stop after this many (default: never)")

    def handle(self, *args: Any, every: float, steps: int, **options: Any) -> None:
        try:
            source = demo_history.feed()
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        done = 0
        while not steps or done < steps:
            behind = timezone.now() - source.next_at
            if behind < timedelta(0):
                time.sleep(min(every, -behind.total_seconds()))
                continue
            close_old_connections()
            demo_history.feed_step(source, self.stdout.write)
            self.stdout.flush()
            done += 1
            time.sleep(every)
