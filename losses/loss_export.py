"""The ranking as CSV: numbers as numbers, amounts with their currency in a column of its own."""

from __future__ import annotations

from collections.abc import Sequence

from django.http.response import HttpResponseBase

from core.csv_exports import csv_export
from core.requests import EmsRequest
from losses.loss_overview import LossRow
from losses.report_period import ReportPeriod
from losses.sums_of_money import Money

HEADER = [
    "substation", "site", "first_day", "last_day", "energy_import_kwh", "power_factor", "no_load_loss_kwh",
    "transformer_loss_kwh", "feeder_loss_kwh", "loss_share", "avoidable_loss_kwh", "excess_loss_kwh",
    "avoidable_amount", "penalty_amount", "currency", "avoidable_co2_kg", "released_kva", "coverage",
]  # fmt: skip


def ranking_csv(request: EmsRequest, period: ReportPeriod, rows: Sequence[LossRow]) -> HttpResponseBase:
    name = f"losses-{period.first}-{period.last}.csv"
    return csv_export(request, name, HEADER, (_cells(period, row) for row in rows))


def _cells(period: ReportPeriod, row: LossRow) -> list[object]:
    shown, cost = row.figures, row.cost
    currency = next((each.currency for each in (*cost.avoidable, *cost.penalty)), "")
    return [
        row.substation.code, row.substation.site, period.first.isoformat(), period.last.isoformat(),
        *(_number(shown[name]) for name in HEADER[4:9]), _number(row.loss_share),
        _number(shown["avoidable_loss_kwh"]), _number(shown["excess_loss_kwh"]),
        _amount(cost.avoidable), _amount(cost.penalty), currency, _number(cost.co2_kg), _number(cost.released_kva),
        _number(shown["coverage"]),
    ]  # fmt: skip


def _number(value: float | None) -> float | str:
    return "" if value is None else float(f"{value:.7g}")


def _amount(amounts: Sequence[Money]) -> str:
    return str(amounts[0].amount) if amounts else ""
