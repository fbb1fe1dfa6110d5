"""``manage.py train_backbone``: the network that comes with the product, made anew from simulated grids."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlcore.backbone import SUPPLIED, write_backbone


class Command(BaseCommand):
    help = "Simulate grids with faults, run the diagnosis over them, and train the network that comes with the product."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--grids", type=int, default=240, help="simulated grids, about ten substations each")
        parser.add_argument("--updates", type=int, default=6000, help="training updates of 512 windows")
        parser.add_argument("--seed", type=int, default=5000, help="of the first grid, and of the network")
        parser.add_argument("--to", type=Path, default=SUPPLIED, metavar="FILE", help="safetensors file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        from mlcore.training.backbone_training import lessons, train

        grids, updates, seed = options["grids"], options["updates"], options["seed"]
        if grids < 1 or updates < 1:
            raise CommandError(f"Expected at least 1 grid and 1 update; received {grids} and {updates}.")

        def show_progress(done: int) -> None:
            if done % 10 == 0 or done == grids:
                self.stdout.write(f"{done} of {grids} grids simulated and judged")
                self.stdout.flush()

        learned = list(lessons(range(seed, seed + grids), show_progress))
        backbone = train(learned, updates=updates, seed=seed)
        write_backbone(options["to"], backbone.weights, backbone.facts)
        size_kb = options["to"].stat().st_size / 1024
        self.stdout.write(f"{options['to'].name}: {size_kb:.0f} KiB, " + str(backbone.facts))
