"""The statement of technical losses as CSV: a line for each feeder and month, numbers as numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from core.spreadsheets import guarded
from reports.content.feeder_statement import FeederMonth

HEADER = (
    "month", "feeder", "substations", "supplied_kwh", "drawn_kwh", "fed_in_kwh", "no_load_loss_kwh", "load_loss_kwh",
    "line_loss_kwh", "technical_loss_kwh", "technical_loss_share", "coverage", "method",
)  # fmt: skip


def statement_csv(rows: Sequence[FeederMonth]) -> bytes:
    """UTF-8 with a mark at its head, by which spreadsheets know it. What is not known is empty."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(HEADER)
    for row in rows:
        writer.writerow([guarded(cell) for cell in _cells(row)])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _cells(row: FeederMonth) -> list[object]:
    return [
        f"{row.month:%Y-%m}", row.feeder, row.substations, _number(row.supplied_kwh), _number(row.drawn_kwh),
        _number(row.fed_in_kwh), _number(row.no_load_kwh), _number(row.load_kwh), _number(row.lines_kwh),
        _number(row.lost_kwh), _number(row.loss_share), _number(row.coverage), row.method,
    ]  # fmt: skip


def _number(value: float | None) -> float | str:
    return "" if value is None else float(f"{value:.7g}")
