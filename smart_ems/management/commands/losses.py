"""Energy and losses of CSV files by the hour, without touching the database."""

from __future__ import annotations

import csv
import json
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Max, Min
from rich.table import Table

from core.console import wide_table
from core.formatting import figure, power_factor, share
from losses.models import HourlyRollup
from losses.public_figures import COLUMNS, figures, hourly_cells
from losses.querysets import FIELDS
from losses.stale_hours import account_pending
from smart_ems.file_arguments import add_file_arguments, import_options, take_in_files
from smart_ems.scratch import detect, scratch_database
from substations.models import Substation

HOUR = timedelta(hours=1)


class Command(BaseCommand):
    help = "Account energy and technical losses of CSV files by the hour and print their sums. Nothing is stored."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file_arguments(parser)
        parser.add_argument("--without-model", action="store_true", help="learn nothing: quicker, but no excess loss")
        parser.add_argument("--out", type=Path, help="write each hour to this CSV file")
        parser.add_argument("--json", action="store_true", help="print JSON instead of the table")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        given = import_options(options)
        with scratch_database():
            take_in_files(files, options, given)
            if not options["without_model"]:
                detect(None, refine=False)
            account_pending(judged_only=not options["without_model"])
            if options["out"]:
                _write(options["out"])
            period_h = _hours()
            by_substation = HourlyRollup.objects.totals_by("substation__code")
            totals = {row["substation__code"]: figures(row, period_h) for row in by_substation}
            if options["json"]:
                self.stdout.write(json.dumps(totals, indent=1))
            else:
                wide_table(self.stdout).print(_table(totals))
                for remark in _remarks(totals):
                    self.stdout.write(remark)


def _hours() -> float:
    """From the first hour of all to the last one."""
    reach = HourlyRollup.objects.aggregate(first=Min("at"), last=Max("at"))
    return (reach["last"] - reach["first"]) / HOUR + 1 if reach["last"] else 0.0


def _write(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["substation", "at", *COLUMNS])
        for row in HourlyRollup.objects.order_by("substation__code", "at").values("substation__code", "at", *FIELDS):
            writer.writerow([row["substation__code"], f"{row['at']:%Y-%m-%dT%H:%M:%SZ}", *hourly_cells(row)])


def _table(totals: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Substation", no_wrap=True)
    for title in ("Drawn", "PF", "Demand", "No-load", "Load", "Feeders", "Avoidable", "Excess", "Known"):
        table.add_column(title, justify="right", no_wrap=True)
    for code, row in totals.items():
        kwh = ("no_load_loss_kwh", "load_loss_kwh", "feeder_loss_kwh", "avoidable_loss_kwh", "excess_loss_kwh")
        table.add_row(
            f"{code} *" if row["is_assumed"] else code,
            figure(row["energy_import_kwh"], "kWh"),
            power_factor(row["displacement_power_factor"]),
            figure(row["max_demand_kva"], "kVA"),
            *(figure(row[name], "kWh") for name in kwh),
            share(row["coverage"]),
        )
    return table


def _remarks(totals: dict[str, dict[str, Any]]) -> Iterable[str]:
    for substation in Substation.objects.reporting().exclude(code__in=totals):
        yield f"{substation.code}: no hour is known, its meter is not believed. See ./ems detect."
    assumed = [row for row in totals.values() if row["is_assumed"]]
    if assumed:
        low, high = (sum(row[name] for row in assumed) for name in ("loss_low_kwh", "loss_high_kwh"))
        yield (
            f"* The nameplate is not known: losses are those of a typical transformer of the likely size, and their "
            f"transformers may lose {figure(low, 'kWh')} to {figure(high, 'kWh')}. Give rated_kva, no_load_loss_w and "
            "load_loss_w with --substations."
        )
    if any(row["feeder_loss_kwh"] is None for row in totals.values()):
        yield (
            "Without links to the supply the losses of the lines are not known: avoidable losses are those of the "
            "transformer alone, a lower bound. Give them with --links."
        )
