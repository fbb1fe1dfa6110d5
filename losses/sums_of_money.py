"""Amounts that are summed by currency: what is billed in two of them has two sums, and no total. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from losses.tariffs.currencies import money


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str
    decimals: int = 2

    def __str__(self) -> str:
        return money(self.amount, self.currency, self.decimals)


def sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """One sum for each currency, in the order of their codes."""
    found: dict[str, Money] = {}
    for each in amounts:
        before = found.get(each.currency)
        total = each.amount + before.amount if before else each.amount
        found[each.currency] = Money(total, each.currency, max(each.decimals, before.decimals if before else 0))
    return tuple(found[currency] for currency in sorted(found))
