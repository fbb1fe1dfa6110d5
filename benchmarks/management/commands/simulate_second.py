"""``manage.py simulate_second DIR``: a labelled benchmark folder by the second simulator."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarks.second_simulator import Recipe, RecipeError, simulate_second, write_files


class Command(BaseCommand):
    help = "Simulate a labelled benchmark folder with other formulas than 'simulate': for judging, not for tuning."
    requires_system_checks: list[str] = []  # it touches neither the database nor the pages

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="folder to write, made if need be")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--substations", type=int, default=12)
        parser.add_argument("--days", type=int, default=60)
        parser.add_argument("--interval", default="15min", help="5min, 10min, 15min, 30min or 60min")
        parser.add_argument("--start", default="2025-03-03", help="local date of the first reading")

    def handle(self, *args: Any, folder: Path, **options: Any) -> str:
        try:
            simulation = simulate_second(_recipe(options))
            write_files(simulation, folder)
        except (RecipeError, OSError) as error:
            raise CommandError(str(error)) from error
        kinds = Counter(truth.incident.kind for truth in simulation.truths if truth.is_loss)
        losses = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        return f"{len(simulation.truths)} events, {kinds.total()} of them losses ({losses}): {folder}"


def _recipe(options: dict[str, Any]) -> Recipe:
    minutes = re.fullmatch(r"(\d{1,3}) ?(?:min|m)?", options["interval"])
    if minutes is None:
        raise RecipeError(f"Received interval {options['interval']!r}; expected minutes such as 15min.")
    try:
        start = datetime.fromisoformat(options["start"])
    except ValueError as error:
        raise RecipeError(f"Received start {options['start']!r}; expected a date such as 2025-03-03.") from error
    return Recipe(options["seed"], options["substations"], options["days"], int(minutes[1]), start)
