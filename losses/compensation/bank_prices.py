"""What a bank costs by a table of prices, and when it has paid for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from losses.compensation.capacitor_bank import CapacitorBank
from losses.compensation.harmonic_guard import Guard

PRICE_KINDS = ("fixed", "automatic", "detuned")


@dataclass(frozen=True, slots=True)
class KvarPrice:
    """A row of the table: installed price of a kind of bank, up to a size. low, high: by the kvar."""

    kind: str
    up_to_kvar: float
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Cost of a bank; low and high are those of the table."""

    low: Decimal
    high: Decimal

    @property
    def both(self) -> tuple[Decimal, Decimal]:
        return self.low, self.high

    @property
    def middle(self) -> Decimal:
        return (self.low + self.high) / 2


def bank_cost(bank: CapacitorBank, guard: Guard, prices: Sequence[KvarPrice]) -> PriceRange | None:
    """kvar × price of its kind, each part of the bank by itself; None where the table does not have a kind and size.

    A bank that has to be detuned is so as a whole: a plain part beside it would still resonate.
    """
    detuned = guard != Guard.PLAIN
    parts = {"detuned": bank.total_kvar} if detuned else {"fixed": bank.fixed_kvar, "automatic": bank.automatic_kvar}
    low = high = Decimal(0)
    for kind, kvar in parts.items():
        if not kvar:
            continue
        price = _price(kind, bank.total_kvar, prices)
        if price is None:
            return None
        size = Decimal(f"{kvar:.6f}")
        low, high = low + size * price.low, high + size * price.high
    return PriceRange(low, high)


def payback_years(cost: Decimal, saving_a_year: Decimal) -> float | None:
    """Simple payback: cost over yearly saving; None where nothing is saved."""
    return float(cost / saving_a_year) if saving_a_year > 0 else None


def _price(kind: str, total_kvar: float, prices: Sequence[KvarPrice]) -> KvarPrice | None:
    """The row of the smallest size that holds the bank."""
    fitting = [each for each in prices if each.kind == kind and each.up_to_kvar >= total_kvar]
    return min(fitting, key=lambda each: each.up_to_kvar, default=None)
