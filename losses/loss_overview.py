"""What a scope lost in a period, against the period before, and which of its substations to mend first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Max, Sum

from losses.compensation_models import BankRecommendation
from losses.loss_scope import LossScope
from losses.models import DailyRollup
from losses.period_costs import UNKNOWN, PeriodCost, cost_of, costs_by_substation
from losses.public_figures import figures
from losses.querysets import HIGHEST, SUMMED
from losses.report_period import ReportPeriod
from substations.models import Substation

MIN_KNOWN = 0.8
"""Chosen: a period of which less than this part of our hours was known is nothing to compare sums with."""

COMPARED = ("energy_import_kwh", "no_load_loss_kwh", "load_loss_kwh", "feeder_loss_kwh", "avoidable_loss_kwh")


@dataclass(frozen=True, slots=True)
class LossRow:
    """One substation of the ranking: public figures of the period and its cost."""

    substation: Substation
    figures: dict[str, Any]
    cost: PeriodCost
    recommendation: BankRecommendation | None = None

    @property
    def loss_kwh(self) -> float:
        return float(self.figures["transformer_loss_kwh"] or 0.0) + float(self.figures["feeder_loss_kwh"] or 0.0)

    @property
    def loss_share(self) -> float | None:
        """Of what is supplied: drawn and lost."""
        supplied = float(self.figures["energy_import_kwh"] or 0.0) + self.loss_kwh
        return self.loss_kwh / supplied if supplied else None

    @property
    def saving(self) -> Decimal | None:
        """What mending is worth by itself, whichever line is larger: the lines are not added up."""
        amounts = [each.amount for each in (*self.cost.avoidable, *self.cost.penalty)]
        return max(amounts) if amounts else None


@dataclass(frozen=True, slots=True)
class LossOverview:
    """figures: sums of the scope under public names. before: some of them of the period before, None without any."""

    period: ReportPeriod
    rows: list[LossRow]
    figures: dict[str, Any]
    before: dict[str, float | None]
    cost: PeriodCost
    cost_before: PeriodCost

    @property
    def supplied_kwh(self) -> float:
        """What came in for these substations: drawn by them and lost on the way."""
        return sum(float(self.figures[name] or 0.0) for name in ("energy_import_kwh", *LOST))

    @property
    def lost_kwh(self) -> float:
        return sum(float(self.figures[name] or 0.0) for name in LOST)


LOST = ("transformer_loss_kwh", "feeder_loss_kwh")
ORDERS: dict[str, Callable[[LossRow], Any]] = {
    "code": lambda row: row.substation.code,
    "energy": lambda row: row.figures["energy_import_kwh"],
    "power_factor": lambda row: row.figures["power_factor"],
    "loss": lambda row: row.loss_kwh,
    "share": lambda row: row.loss_share,
    "avoidable": lambda row: row.figures["avoidable_loss_kwh"],
    "excess": lambda row: row.figures["excess_loss_kwh"],
    "saving": lambda row: row.saving,
    "penalty": lambda row: max((each.amount for each in row.cost.penalty), default=None),
    "released": lambda row: row.cost.released_kva,
}


def newest_day(scope: LossScope) -> date | None:
    """The newest day of which anything is known."""
    newest: date | None = DailyRollup.objects.filter(scope.owned).aggregate(newest=Max("day"))["newest"]
    return newest


def overview(scope: LossScope, period: ReportPeriod) -> LossOverview:
    """Nine queries, however large the grid is and however long the period."""
    before = period.before()
    days = DailyRollup.objects.filter(scope.owned, day__gte=period.first, day__lte=period.last)
    costs = costs_by_substation(scope, period.months)
    members = {each.pk: each for each in scope.substations}
    sums = days.totals_by("substation")
    total = _total(sums)
    advice = {each.substation_id: each for each in BankRecommendation.objects.filter(scope.owned)}
    rows = [
        LossRow(members[pk], figures(each, period.hours), costs.get(pk, UNKNOWN), advice.get(pk))
        for each in sums
        if (pk := each["substation"]) in members
    ]
    return LossOverview(
        period,
        rows,
        figures(total, period.hours * max(len(sums), 1)),
        _compared(scope, before, known_h=total["covered_h"] or 0.0),
        cost_of(scope, costs, period.months),
        cost_of(scope, costs_by_substation(scope, before.months), before.months),
    )


def ranked(rows: Sequence[LossRow], column: str, *, is_down: bool) -> list[LossRow]:
    """In order of a column of ``ORDERS``; what is not known comes last, up or down."""
    value = ORDERS[column]
    known = sorted((row for row in rows if value(row) is not None), key=value, reverse=is_down)
    return known + [row for row in rows if value(row) is None]


def default_order(rows: Sequence[LossRow]) -> str:
    """By money where all of it is of one currency, else by energy."""
    currencies = {each.currency for row in rows for each in (*row.cost.avoidable, *row.cost.penalty)}
    return "-saving" if len(currencies) == 1 else "-avoidable"


def _total(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All substations as one: energies add up, a demand of several at different times does not."""
    total: dict[str, Any] = {name: _sum([row[name] for row in rows]) for name in SUMMED}
    total |= {name: rows[0][name] if len(rows) == 1 else None for name in HIGHEST}
    return total | {"assumed_rows": sum(row["assumed_rows"] for row in rows)}


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _compared(scope: LossScope, period: ReportPeriod, *, known_h: float) -> dict[str, float | None]:
    """Sums of a period, all None where it was known less than the one it is compared with."""
    days = DailyRollup.objects.filter(scope.owned, day__gte=period.first, day__lte=period.last)
    found = days.aggregate(**{name: Sum(name) for name in COMPARED}, known_h=Sum("covered_h"))
    if not MIN_KNOWN * known_h <= (found["known_h"] or 0.0) <= known_h / MIN_KNOWN:
        return dict.fromkeys((*COMPARED, "lost_kwh"))
    return {**found, "lost_kwh": _sum([found[name] for name in COMPARED[1:4]])}
