"""``manage.py sensitivity``: what would be found on each substation, of faults put into its own readings."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.table import Table

from core.console import wide_table
from core.formatting import figure
from mlcore.fleet.groups import neighbour_groups
from mlcore.injection.sensitivity import COPIES, SIZE_CLASSES, FoundShare, SubstationSensitivity
from mlcore.models import Cause
from mlcore.training.sensitivity_runs import work_out
from substations.models import Substation


class Command(BaseCommand):
    help = (
        "Put faults into copies of the stored readings of the substations, let their models judge these, and print and "
        "store the share found by cause and size."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("codes", nargs="*", metavar="CODE", help="substations; none: all of them")
        parser.add_argument(
            "--copies", type=int, default=COPIES, help=f"of the readings with faults in them ({COPIES})"
        )
        parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")

    def handle(self, *args: Any, codes: list[str], copies: int, **options: Any) -> None:
        if copies < 1:
            raise CommandError(f"Received {copies} copies; expected at least 1.")
        _refuse_unknown(codes)
        found = _found(codes, copies)
        if options["json"]:
            self.stdout.write(json.dumps({code: each.to_json() for code, each in found.items()}, indent=1))
            return
        for code, each in found.items():
            self._print(code, each)
        if without := sorted((set(codes) or set(Substation.objects.values_list("code", flat=True))) - set(found)):
            self.stdout.write(f"Without a model: {', '.join(without)}")

    def _print(self, code: str, sensitivity: SubstationSensitivity) -> None:
        table = Table("Cause", box=None, pad_edge=False, header_style="bold", title=code, title_justify="left")
        for title in (*SIZE_CLASSES, "all sizes", "median delay (h)"):
            table.add_column(title, justify="right", no_wrap=True)
        for row in sensitivity.causes:
            late = "–" if row.median_delay_h is None else figure(row.median_delay_h)
            table.add_row(
                str(Cause(row.cause).label), *(_counts(each) for each in row.by_size), _counts(row.all_sizes), late
            )
        wide_table(self.stdout).print(table)
        expected = figure(sensitivity.expected_false_alarms_per_month)
        self.stdout.write(
            f"{code}: expected false alarms per month {expected}; "
            f"{sensitivity.copies} copies of {sensitivity.days:.0f} days; * too few to tell\n"
        )
        if network := sensitivity.network:
            self.stdout.write(
                f"{code}: the network finds {network.found} of these faults, physics alone {network.found_by_physics}; "
                f"loss alarms in the readings as they are: {network.alarms}, by physics alone "
                f"{network.alarms_by_physics}\n"
            )


def _refuse_unknown(codes: Sequence[str]) -> None:
    known = set(Substation.objects.values_list("code", flat=True))
    if unknown := sorted(set(codes) - known):
        expected = ", ".join(sorted(known)) or "nothing, since there are no substations"
        raise CommandError(f"Received {', '.join(unknown)}; expected codes of substations: {expected}.")


def _found(codes: Sequence[str], copies: int) -> Mapping[str, SubstationSensitivity]:
    """Of these substations or all, by code; groups without any of them are left alone."""
    found: dict[str, SubstationSensitivity] = {}
    for group in neighbour_groups():
        if not codes or any(substation.code in codes for substation in group.substations):
            stored = work_out(group, copies)
            found |= {code: row.sensitivity for code, row in stored.items() if row.sensitivity is not None}
    return {code: found[code] for code in sorted(found) if not codes or code in codes}


def _counts(share: FoundShare) -> str:
    """As "12 of 14"; a star where that is too few to tell."""
    if not share.injected:
        return "–"
    return f"{share.found} of {share.injected}{' *' if share.is_too_few else ''}"
