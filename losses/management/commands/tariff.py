"""Import, export and check tariffs as JSON files."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from losses.billing_models import Tariff
from losses.tariff_store import store_version
from losses.tariffs.tariff_document import TariffError, read_document
from losses.tariffs.worked_bills import checked_worked_bills, preset_paths, worked_path, worked_problems


class Command(BaseCommand):
    help = "Check tariffs and the worked bills beside them, store them as dated versions, or write one to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        check = actions.add_parser("check", help="the documents, and the worked bills beside them (NAME.bills.json)")
        taken = actions.add_parser("import", help="check, and store as a version of the tariff of its name")
        for each in (check, taken):
            each.add_argument("files", nargs="*", type=Path, metavar="FILE")
            each.add_argument("--preset", action="append", default=[], choices=[path.stem for path in preset_paths()])
        taken.add_argument("--close-previous", action="store_true", help="let the version before it end the day before")
        written = actions.add_parser("export", help="write the version that is valid on a day")
        written.add_argument("name")
        written.add_argument("--on", type=date.fromisoformat, help="day (default: today)")
        written.add_argument("--out", type=Path, help="file (default: print); worked bills go beside it")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "export":
            self._export(options["name"], options["on"] or timezone.localdate(), options["out"])
            return
        presets = [path for path in preset_paths() if path.stem in options["preset"]]
        paths = [*options["files"], *presets]
        if not paths:
            raise CommandError("Received no file; expected files of tariffs, or --preset NAME.")
        failed = [path for path in paths if not self._taken(path, action, options)]
        if failed:
            raise CommandError(f"{len(failed)} of {len(paths)} tariffs cannot be used.")

    def _taken(self, path: Path, action: str, options: dict[str, Any]) -> bool:
        try:
            document, worked = read_tariff(path)
            if action == "import":
                version = store_version(document, worked, close_previous=options["close_previous"])
                self.stdout.write(f"{path.name}: stored {version}.")
            else:
                self.stdout.write(f"{path.name}: right, {len(worked)} worked bills agree.")
        except OSError as error:
            self.stderr.write(f"{path}: {error.strerror}.")
        except TariffError as error:
            self.stderr.writelines(f"{path.name}: {problem}" for problem in error.problems)
        else:
            return True
        return False

    def _export(self, name: str, day: date, out: Path | None) -> None:
        tariff = Tariff.objects.filter(name=name).first()
        version = tariff.version_on(day) if tariff else None
        if version is None:
            known = ", ".join(Tariff.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no version of “{name}” on {day}. Tariffs that are stored: {known}.")
        text = json.dumps(version.document, ensure_ascii=False, indent=2) + "\n"
        if out is None:
            self.stdout.write(text)
            return
        out.write_text(text)
        if version.worked:
            bills = {"schema": 1, "bills": version.worked}
            worked_path(out).write_text(json.dumps(bills, ensure_ascii=False, indent=2) + "\n")


def read_tariff(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A tariff's document and the worked bills beside it, checked. Raises TariffError and OSError."""
    document = read_document(path.read_bytes())
    beside = worked_path(path)
    worked = checked_worked_bills(beside.read_bytes()) if beside.is_file() else []
    if problems := worked_problems(document, worked):
        raise TariffError(problems)
    return document, worked
