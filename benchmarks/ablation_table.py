"""The ablation as tables: a row per set, then the paired differences."""

from __future__ import annotations

from statistics import fmean

from rich.table import Table

from benchmarks.ablation import RANDOM, VARIANTS, WITHOUT, Ablation, paired

FIGURES = (
    ("F1", "f1", 3),
    ("recall", "recall", 3),
    ("false alarms per substation-month", "false_alarms_per_substation_month", 2),
    ("median delay (h)", "median_delay_h", 2),
    ("cause right", "cause_accuracy", 3),
)


def set_table(results: list[Ablation]) -> Table:
    """F1 and false alarms per substation-month of every set by variant."""
    table = Table("Set", box=None, header_style="bold")
    for name in VARIANTS:
        table.add_column(f"F1 {name}", justify="right")
        table.add_column("false alarms", justify="right")
    for each in results:
        cells = []
        for name in VARIANTS:
            report = each.reports[name]
            cells += [f"{report.f1:.3f}", f"{report.false_alarms_per_substation_month:.2f}"]
        table.add_row(each.name, *cells)
    return table


def difference_table(results: list[Ablation]) -> Table:
    """Means of all sets, and the network's paired difference to the two others with its standard error."""
    table = Table("Mean of all sets", box=None, header_style="bold")
    for name in (*VARIANTS, f"network − {WITHOUT}", f"network − {RANDOM}"):
        table.add_column(name, justify="right")
    for title, figure, digits in FIGURES:
        means = [_mean([getattr(each.reports[name], figure) for each in results], digits) for name in VARIANTS]
        pairs = [paired(results, other, figure) for other in (WITHOUT, RANDOM)]
        table.add_row(title, *means, *(f"{one.mean:+.{digits}f} ± {one.standard_error:.{digits}f}" for one in pairs))
    return table


def _mean(values: list[float | None], digits: int) -> str:
    known = [value for value in values if value is not None]
    return f"{fmean(known):.{digits}f}" if known else "–"
