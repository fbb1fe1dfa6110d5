"""What a period costs, from the months that were billed already: of each substation, and of a scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from losses.loss_scope import LossScope
from losses.models import MonthCost, MonthOutlook
from losses.sums_of_money import Money, sums

COST_COLUMNS = (
    "avoidable_amount", "penalty_amount", "avoidable_co2_kg", "released_kva", "currency", "decimals",
)  # fmt: skip
"""Of each month: as model instances those of a year took three times as long to read."""


@dataclass(frozen=True, slots=True)
class PeriodCost:
    """Three lines of some months, which nobody adds up; empty or None is not known (no tariff, no CO2 factor).

    released_kva: of the newest month. months: how many of the period's have a bill.
    """

    avoidable: tuple[Money, ...] = ()
    penalty: tuple[Money, ...] = ()
    co2_kg: float | None = None
    released_kva: float | None = None
    months: int = 0

    @property
    def is_incentive(self) -> bool:
        """Whether the clauses on power factor make the bills smaller."""
        return bool(self.penalty) and all(each.amount < 0 for each in self.penalty)


UNKNOWN = PeriodCost()


def costs_by_substation(scope: LossScope, months: Iterable[date]) -> dict[int, PeriodCost]:
    """By primary key. A penalty here is what the substation alone would save: those of one point don't add up."""
    rows: dict[int, list[Any]] = defaultdict(list)
    stored = MonthCost.objects.filter(scope.owned, month__in=list(months)).order_by("month")
    for row in stored.values_list("substation_id", *COST_COLUMNS, named=True):
        rows[row.substation_id].append(row)
    return {pk: _cost(of_one) for pk, of_one in rows.items()}


def cost_of(scope: LossScope, by_substation: dict[int, PeriodCost], months: Iterable[date]) -> PeriodCost:
    """Of a scope: avoidable energy and kVA of its substations, and the penalties as its points are billed for them.

    A substation that is billed with its site has the penalty that it alone causes.
    """
    every = list(by_substation.values())
    outlooks = MonthOutlook.objects.filter(scope.billed, month__in=list(months))
    billed = [Money(each.amount_now, each.currency, each.decimals) for each in outlooks]
    own = every[0].penalty if scope.substation and every else ()
    co2 = [each.co2_kg for each in every if each.co2_kg is not None]
    released = [each.released_kva for each in every if each.released_kva is not None]
    return PeriodCost(
        avoidable=sums(amount for each in every for amount in each.avoidable),
        penalty=sums(billed) or own,
        co2_kg=sum(co2) if co2 else None,
        released_kva=sum(released) if released else None,
        months=max((each.months for each in every), default=0),
    )


def _cost(rows: list[Any]) -> PeriodCost:
    co2 = [row.avoidable_co2_kg for row in rows if row.avoidable_co2_kg is not None]
    return PeriodCost(
        avoidable=sums(
            Money(row.avoidable_amount, row.currency, row.decimals) for row in rows if row.avoidable_amount is not None
        ),
        penalty=sums(
            Money(row.penalty_amount, row.currency, row.decimals) for row in rows if row.penalty_amount is not None
        ),
        co2_kg=sum(co2) if co2 else None,
        released_kva=rows[-1].released_kva,
        months=len(rows),
    )
