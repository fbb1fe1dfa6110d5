"""Find losses in CSV files without touching the database."""

from __future__ import annotations

import csv
import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from rich.table import Table

from core.console import wide_table
from core.formatting import figure
from mlcore.explanations import evidence_in_words, said_by
from mlcore.models import Detection
from smart_ems.file_arguments import add_file_arguments, import_options, take_in_files
from smart_ems.scratch import Intake, detect, scratch_database

COLUMNS = ("substation", "start", "end", "severity", "cause", "loss_kwh", "score", "reason")


def moment(text: str) -> datetime:
    """ISO 8601; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"received “{text}”; expected ISO 8601, for example 2025-10-07T00:00") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Find losses in CSV files and print them as a table. Nothing is stored."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file_arguments(parser)
        parser.add_argument("--train-until", type=moment, help="learn from readings before this time only")
        parser.add_argument(
            "--refine",
            action="store_true",
            help="train the supplied network further on these files, as the running system does; needs TensorFlow",
        )
        parser.add_argument("--out", type=Path, help="write the losses to this CSV file")
        parser.add_argument("--out-all", action="store_true", help="write findings about meters to it as well")
        parser.add_argument("--json", action="store_true", help="print JSON instead of the table")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        started = time.monotonic()
        given = import_options(options)
        with scratch_database():
            intakes = take_in_files(files, options, given)
            found = list(detect(options["train_until"], refine=options["refine"]))
            if options["out"]:
                losses = [each for each in found if each.kind == Detection.Kind.LOSS]
                _write(options["out"], found if options["out_all"] else losses)
            if options["json"]:
                self.stdout.write(json.dumps([_record(each) for each in found], indent=1))
            else:
                self._print(intakes, found, time.monotonic() - started)

    def _print(self, intakes: Sequence[Intake], found: Sequence[Detection], seconds: float) -> None:
        for intake in intakes:
            self.stdout.write(f"{intake.name}: {intake.rows_good:,} good rows, {intake.rows_bad:,} rejected")
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("Substation", "From", "To", "Severity", "Cause", "Extra loss"):
            table.add_column(title, justify="right" if title == "Extra loss" else "left", no_wrap=True)
        table.add_column("Reason", min_width=40)
        for each in found:
            table.add_row(
                each.substation.code,
                f"{each.start:%Y-%m-%d %H:%M}",
                f"{each.end:%Y-%m-%d %H:%M}" if each.end else "goes on",
                "check the meter" if each.kind == Detection.Kind.METER else each.get_severity_display(),
                str(each.get_cause_display()),
                "" if each.kind == Detection.Kind.METER else figure(each.loss_kwh, "kWh"),
                said_by(each.evidence, each.reason),
            )
        wide_table(self.stdout).print(table)
        losses = [each for each in found if each.kind == Detection.Kind.LOSS]
        total = sum(each.loss_kwh or 0 for each in losses)
        self.stdout.write(
            f"{len(losses)} losses ({figure(total, 'kWh')}), {len(found) - len(losses)} other; {seconds:.1f} s"
        )


def _record(each: Detection) -> dict[str, Any]:
    return {
        "substation": each.substation.code,
        "kind": each.kind,
        "start": each.start.isoformat(),
        "end": each.end.isoformat() if each.end else None,
        "severity": _severity(each),
        "cause": each.cause,
        "loss_kwh": each.loss_kwh,
        "loss_low_kwh": each.loss_low_kwh,
        "loss_high_kwh": each.loss_high_kwh,
        "loss_pct": each.loss_pct,
        "score": each.score,
        "confidence": each.confidence,
        "reason": said_by(each.evidence, each.reason),
        "evidence": evidence_in_words(each.evidence, each.cause),
    }


def _severity(each: Detection) -> str:
    return "critical" if each.severity >= Detection.Severity.CRITICAL else "warning"


def _write(path: Path, found: Sequence[Detection]) -> None:
    """Times in the clock of the readings' own zone; an episode that goes on ends with the newest reading."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for each in found:
            zone = each.substation.zone
            end = each.end or each.substation.readings.latest("at").at
            times = [f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}" for at in (each.start, end)]
            loss = "" if each.loss_kwh is None else round(each.loss_kwh, 3)
            reason = said_by(each.evidence, each.reason)
            severity = "info" if each.kind != Detection.Kind.LOSS else _severity(each)
            writer.writerow([each.substation.code, *times, severity, each.cause, loss, round(each.score, 3), reason])
