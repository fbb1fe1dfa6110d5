"""Say what an upload of files would load, without storing anything."""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ingestion.exports.answers import AnswerError, ExportAnswers, answers_from, read_profile
from ingestion.exports.interpretation import interpret
from ingestion.exports.presentation import described, written
from ingestion.problems import Unreadable

logger = logging.getLogger(__name__)

LOADS, REFUSED, ASKS = 0, 2, 3


class Command(BaseCommand):
    help = (
        "Say what an upload of files would load, and what it would ask. Nothing is stored. "
        "Exit code 0: it would load; 3: it would ask; 2: refused."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--substation", default="", help="every row belongs to this code")
        parser.add_argument("--start", default="", help="time of the first row, for files without time")
        parser.add_argument("--interval", type=int, default=0, help="seconds between rows, for such files")
        parser.add_argument("--time-zone", default="", help="zone of times that do not say theirs")
        parser.add_argument("--profile", type=Path, help="JSON file with answers")
        parser.add_argument("--out", type=Path, help="write what would be stored to this CSV file")
        parser.add_argument("--out-dir", type=Path, help="the same for several files: DIR/NAME.csv")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--json-lines", action="store_true", help="print one JSON object per file")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        answers = _answers(options)
        if len(files) > 1 and (options["json"] or options["out"]):
            raise CommandError("--json and --out are for one file; use --json-lines and --out-dir.")
        codes = []
        for file in files:
            out = options["out_dir"] / f"{file.name}.csv" if options["out_dir"] else options["out"]
            said = _inspected(file, answers, out)
            codes.append(said["exit"])
            self._print(said, options)
        worst = REFUSED if REFUSED in codes else ASKS if ASKS in codes else LOADS
        if worst:
            sys.exit(worst)

    def _print(self, said: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json_lines"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False))
            return
        if options["json"]:
            shown = {name: value for name, value in said.items() if name not in ("file", "exit", "out")}
            self.stdout.write(json.dumps(shown, ensure_ascii=False, indent=1))
            return
        if said["exit"] == REFUSED:
            self.stdout.write(f"{said['file']}: refused. {said['reason']}")
            return
        rows = said["rows"]
        self.stdout.write(
            f"{said['file']}: {said['format']['kind']}, {rows['loaded']} of {rows['read']} rows would load."
        )
        for column in said["columns"]:
            self.stdout.write(
                f"  {column['header']}: {column['quantity'] or '–'} {column['unit']} "
                f"({column['sureness']}; {column['why']})"
            )
        for question in said["questions"]:
            self.stdout.write(f"  ? {question['about']}: {question['text']}")


def _answers(options: dict[str, Any]) -> ExportAnswers:
    given = {
        "substation": options["substation"],
        "start": options["start"],
        "interval_s": options["interval"],
        "time_zone": options["time_zone"],
    }
    try:
        profile = read_profile(options["profile"]) if options["profile"] else {}
        return answers_from({**profile, **{name: value for name, value in given.items() if value}})
    except AnswerError as error:
        raise CommandError(str(error)) from error


def _inspected(file: Path, answers: ExportAnswers, out: Path | None) -> dict[str, Any]:
    said: dict[str, Any] = {"file": str(file)}
    try:
        found = interpret(file.read_bytes(), file.name, answers, now=datetime.now(UTC))
    except (Unreadable, AnswerError) as error:
        return said | {"reason": str(error), "questions": [], "exit": REFUSED, "out": None}
    except OSError as error:
        return said | {
            "reason": f"{file} cannot be read: {error.strerror or error}.",
            "questions": [],
            "exit": REFUSED,
            "out": None,
        }
    except Exception as error:  # one file must not stop the others; the log says where
        logger.exception("Reading %s failed.", file)
        reason = f"The program failed on this file ({type(error).__name__}); the log says where."
        return said | {"reason": reason, "questions": [], "exit": REFUSED, "out": None}
    if out is not None:
        written(found, out)
    return said | described(found) | {"exit": ASKS if found.questions else LOADS, "out": str(out) if out else None}
