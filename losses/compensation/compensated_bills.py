"""The bills of past months again, with reactive power supplied at one of the meters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from losses.tariffs.bill_lines import Bill, SupplyContract
from losses.tariffs.metered_hours import FloatArray, MeteredHours, summed
from losses.tariffs.reactive_change import net_kvarh, with_net_kvarh
from losses.tariffs.replayed_months import DocumentOn, bills_of_months, months_before
from losses.tariffs.three_lines import energy_price


@dataclass(frozen=True)
class BilledTwice:
    """A month as it was and as it would have been."""

    before: Bill
    after: Bill

    @property
    def saved(self) -> Decimal:
        return self.before.total - self.after.total


@dataclass(frozen=True)
class ReplayedBills:
    """Months in their order. known_h: hours that are known of all of them."""

    months: tuple[BilledTwice, ...]

    @property
    def saved(self) -> Decimal:
        return sum((each.saved for each in self.months), Decimal(0))

    @property
    def known_h(self) -> float:
        return sum(each.before.known_h for each in self.months)

    @property
    def energy_price(self) -> Decimal | None:
        """Mean price of a kWh over the months, as their energy lines have it; None without energy."""
        prices = [price for each in self.months if (price := energy_price(each.before)) is not None]
        return sum(prices, Decimal(0)) / len(prices) if prices else None


def bills_with_supply(
    document_on: DocumentOn,
    meters: Sequence[MeteredHours],
    which: int,
    supplied_kvar: FloatArray,
    months: Sequence[date],
    contract: SupplyContract | None = None,
    *,
    document_then: DocumentOn | None = None,
) -> ReplayedBills:
    """Months of a metering point, ratchets included, with kvar supplied at one of its meters.

    supplied_kvar: [hour of the meter ``which``]; each hour has so many kvarh less. kVAh and the demand in kVA follow,
    kWh stay. document_then: another tariff afterwards. A month of which nothing is known, or without a version of
    either tariff, is left out.
    """
    helped = [_supplied(each, supplied_kvar) if n == which else each for n, each in enumerate(meters)]
    before = bills_of_months(document_on, summed(meters), months, contract)
    after = {
        each.month: each for each in bills_of_months(document_then or document_on, summed(helped), months, contract)
    }
    return ReplayedBills(tuple(BilledTwice(each, after[each.month]) for each in before if each.month in after))


def _supplied(hours: MeteredHours, kvar: FloatArray) -> MeteredHours:
    return with_net_kvarh(hours, net_kvarh(hours) - kvar * hours.covered_h)


def last_months(newest: date, count: int = 12) -> list[date]:
    """First days of the months up to that of ``newest``, the oldest first."""
    return [*months_before(newest, count - 1), newest.replace(day=1)]


def released_kva(active_kw: FloatArray, reactive_kvar: FloatArray, supplied_kvar: FloatArray) -> float:
    """Highest hourly kVA as it was less the highest with the bank, [hour]; the two need not be in the same hour."""
    before = np.hypot(active_kw, reactive_kvar)
    after = np.hypot(active_kw, reactive_kvar - supplied_kvar)
    known = np.isfinite(before)
    return max(float(before[known].max() - after[known].max()), 0.0) if known.any() else 0.0
