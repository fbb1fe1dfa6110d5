"""What one more kWh costs a substation, by the newest month that was billed for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import OuterRef, Subquery

from losses.models import MonthCost
from losses.sums_of_money import Money
from substations.models import Substation

MIN_KWH = 1.0
"""Chosen: of less than this the ratio of two rounded numbers is no price."""


@dataclass(frozen=True, slots=True)
class EnergyPrice:
    """Marginal: what the bill falls by for each kWh that is not lost, time of use and taxes included."""

    per_kwh: Decimal
    currency: str
    decimals: int

    def of(self, kwh: float) -> Money:
        return Money(self.per_kwh * Decimal(repr(kwh)), self.currency, self.decimals)


def energy_prices(substations: Collection[int]) -> dict[int, EnergyPrice]:
    """By substation (primary key); those without a tariff or a priced month are left out. One query."""
    priced = MonthCost.objects.filter(avoidable_kwh__gte=MIN_KWH, avoidable_amount__isnull=False)
    newest = priced.filter(substation=OuterRef("pk")).order_by("-month").values("month")[:1]
    found = Substation.objects.filter(pk__in=substations, month_costs__month=Subquery(newest)).order_by()
    names = ("avoidable_kwh", "avoidable_amount", "currency", "decimals")
    rows = found.values_list("pk", *(f"month_costs__{name}" for name in names))
    return {
        pk: EnergyPrice(amount / Decimal(repr(kwh)), currency, decimals)
        for pk, kwh, amount, currency, decimals in rows
        if amount is not None and kwh
    }
