"""Score the detection on labelled benchmark folders, beside simple detectors."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from benchmarks.ablation import ablation
from benchmarks.ablation_table import difference_table, set_table
from benchmarks.evaluation import Comparison, evaluate
from benchmarks.event_score import KindEnergy, ScoreReport
from benchmarks.labelled_set import read_benchmark
from benchmarks.loss_accuracy import LossError
from benchmarks.robustness import mean, robustness
from core.console import wide_table
from smart_ems.scratch import DetectError
from substations.registry import RegistryError

FIGURES = (
    ("F1", "f1", 3),
    ("recall", "recall", 3),
    ("precision", "precision", 3),
    ("false alarms per substation-month", "false_alarms_per_substation_month", 2),
    ("median delay (h)", "median_delay_h", 2),
    ("severity right", "severity_accuracy", 3),
    ("cause right", "cause_accuracy", 3),
    ("episode loss, median error (%)", "energy_median_error_pct", 1),
)


class Command(BaseCommand):
    help = "Learn before a benchmark's train_end, detect after it, and print the score beside simple detectors."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="benchmark folder")
        parser.add_argument("--no-baselines", action="store_true", help="leave the simple detectors out")
        parser.add_argument(
            "--false-alarms", type=float, metavar="N", help="per substation and month; sets the sensitivity"
        )
        parser.add_argument(
            "--robustness", action="store_true", help="score changed copies as well: gaps, no topology, faulty training"
        )
        parser.add_argument(
            "--ablation", action="store_true", help="with the network, without it, with random scores: nothing else"
        )
        parser.add_argument("--losses", action="store_true", help="compare the accounted losses with the true ones")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, folders: list[Path], no_baselines: bool, **options: Any) -> None:
        if options["ablation"]:
            self._ablation(folders, is_json=options["json"])
            return
        wanted = options["false_alarms"]
        try:
            results = [
                evaluate(
                    each,
                    with_baselines=not no_baselines,
                    false_alarms_per_month=wanted,
                    with_losses=options["losses"],
                )
                for each in folders
            ]
            changed = robustness(read_benchmark(each) for each in folders) if options["robustness"] else {}
        except (OSError, ValueError, DetectError, RegistryError) as error:
            raise CommandError(f"The folder cannot be used: {error}") from error
        if options["json"]:
            plain: dict[str, Any] = {each.name: _plain(each) for each in results}
            if changed:
                plain["robustness"] = {name: [asdict(one) for one in reports] for name, reports in changed.items()}
            self.stdout.write(json.dumps(plain, indent=1))
            return
        console = wide_table(self.stdout)
        for result in results:
            console.print(_table(result.name, result.reports))
            self.stdout.write(_remarks(result))
            self.stdout.write(f"trained in {result.fit_seconds:.1f} s, scored in {result.analyse_seconds:.1f} s\n")
        if len(results) > 1:
            self._mean(results, console)
        console.print(_energy_table(results))
        if options["losses"]:
            console.print(_loss_table(results))
        if changed:
            console.print(_robustness_table(changed))

    def _ablation(self, folders: list[Path], *, is_json: bool) -> None:
        try:
            results = [ablation(each) for each in folders]
        except (OSError, ValueError) as error:
            raise CommandError(f"The folder cannot be used: {error}") from error
        if is_json:
            plain = {each.name: {name: asdict(report) for name, report in each.reports.items()} for each in results}
            self.stdout.write(json.dumps(plain, indent=1))
            return
        console = wide_table(self.stdout)
        console.print(set_table(results))
        console.print(difference_table(results))

    def _mean(self, results: list[Comparison], console: Console) -> None:
        table = Table("Mean of all sets", box=None, header_style="bold")
        names = list(results[0].reports)
        for name in names:
            table.add_column(name, justify="right")
        for title, field, digits in FIGURES:
            values = [[getattr(result.reports[name], field) for result in results] for name in names]
            table.add_row(title, *(_text(_mean_of(each), digits) for each in values))
        console.print(table)


def _energy_table(results: list[Comparison]) -> Table:
    """Found over true energy of the events of all sets, by kind: the matched ones, and all."""
    table = Table("Energy of episodes, by cause", box=None, header_style="bold")
    for title in ("true (kWh)", "of matched events (%)", "of all (%)"):
        table.add_column(title, justify="right")
    sums: dict[str, KindEnergy] = {}
    for result in results:
        for kind, energy in result.reports["diagnosis"].energy_by_kind.items():
            sums[kind] = sums.get(kind, KindEnergy()) + energy
    for kind, energy in {**dict(sorted(sums.items())), "all": sum(sums.values(), KindEnergy())}.items():
        matched = _off(energy.matched_found_kwh, energy.matched_true_kwh)
        table.add_row(kind, f"{energy.all_true_kwh:.0f}", matched, _off(energy.all_found_kwh, energy.all_true_kwh))
    return table


def _off(found: float, true: float) -> str:
    """Found over true less one, in per cent."""
    return f"{100.0 * (found / true - 1.0):+.1f}" if true else "–"


def _loss_table(results: list[Comparison]) -> Table:
    """A row per set: the error of all substations' energy, and the median of each substation's."""
    table = Table("Energy of losses against the truth", box=None, header_style="bold")
    names = list(results[0].losses)
    for name in names:
        table.add_column(f"{name}, sum (%)", justify="right")
        table.add_column("median (%)", justify="right")
    for result in results:
        errors = [result.losses[name] for name in names]
        table.add_row(result.name, *(text for each in errors for text in _loss_cells(each)))
    return table


def _loss_cells(error: LossError) -> tuple[str, str]:
    return f"{error.total_pct:+.2f}", f"{error.median_pct:.2f}"


def _robustness_table(changed: dict[str, list[ScoreReport]]) -> Table:
    """One row per condition, each figure the mean of the sets."""
    table = Table("Robustness, mean of the sets", box=None, header_style="bold")
    columns = (*FIGURES, ("episode loss, sum (%)", "energy_total_error_pct", 1))
    for title, _, _ in columns:
        table.add_column(title, justify="right")
    for name, reports in changed.items():
        table.add_row(name, *(_text(mean(reports, field), digits) for _, field, digits in columns))
    return table


def _remarks(result: Comparison) -> str:
    severity, cause = (_text(share, 3) for share in result.when_raised)
    observed = result.reports["diagnosis"].false_alarms_per_substation_month
    lines = [
        f"when raised: severity right {severity}, cause right {cause}",
        f"false alarms per substation-month: {result.expected_false_alarms:.2f} expected from training, "
        f"{observed:.2f} observed",
        *result.warnings,
    ]
    return "\n".join(lines)


def _mean_of(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None and value == value]
    return fmean(known) if known else None


def _table(title: str, reports: dict[str, ScoreReport]) -> Table:
    table = Table(title, box=None, header_style="bold")
    for name in reports:
        table.add_column(name, justify="right")
    for label, field, digits in FIGURES:
        table.add_row(label, *(_text(getattr(report, field), digits) for report in reports.values()))
    kinds = sorted({kind for report in reports.values() for kind in report.recall_by_kind})
    for kind in kinds:
        cells = [report.recall_by_kind.get(kind, (0, 0)) for report in reports.values()]
        table.add_row(f"found: {kind}", *(f"{found}/{total}" for found, total in cells))
    return table


def _text(value: float | None, digits: int) -> str:
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def _plain(result: Comparison) -> dict[str, Any]:
    plain: dict[str, Any] = {name: asdict(report) for name, report in result.reports.items()}
    return plain | ({"losses": {name: asdict(error) for name, error in result.losses.items()}} if result.losses else {})
