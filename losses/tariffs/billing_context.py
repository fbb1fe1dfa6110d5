"""What every clause of a month's bill is given: the hours, their periods, the contract; and how a line is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from losses.tariffs.bill_lines import Amount, BillLine, Document, Remark, SupplyContract, decimals_of
from losses.tariffs.currencies import rounded
from losses.tariffs.metered_hours import IntArray, MeteredHours

COMPLETE_SHARE = 0.9999
"""Chosen: a month is complete to within a few minutes, below what rounding of coverage leaves."""


@dataclass(frozen=True)
class BillingContext:
    """energies: the hours that are billed, scaled where they are an estimate. known: as metered. period: [hour]."""

    document: Document
    month: date
    days: int
    month_h: int
    energies: MeteredHours
    known: MeteredHours
    period: IntArray
    periods: tuple[str, ...]
    contract: SupplyContract
    is_estimate: bool

    @property
    def quadrants(self) -> str:
        return str(self.document.get("quadrants", "all"))

    def of_period(self, name: str) -> MeteredHours:
        return self.energies.where(self.period == self.periods.index(name))

    def of_periods(self, names: list[str] | None) -> MeteredHours:
        return self.energies if names is None else self.energies.where(self._in(names))

    def metered(self, names: list[str] | None) -> MeteredHours:
        """As metered: demands and means of hours know nothing of estimates."""
        return self.known if names is None else self.known.where(self._in(names))

    def line(
        self,
        charge: Document,
        amount: Decimal,
        *,
        formula: str,
        inputs: Mapping[str, Amount],
        period: str = "",
        remarks: tuple[Remark, ...] = (),
        measured: Decimal | None = None,
    ) -> BillLine:
        """A line of a charge, rounded, with what is missing of the month said on it."""
        is_timeless = charge["kind"] in {"fixed", "tax"}
        if not is_timeless and self.known_h < self.month_h * COMPLETE_SHARE:
            code = "hours_estimated" if self.is_estimate else "hours_missing"
            remarks = (*remarks, Remark(code, {"known_h": round(self.known_h), "month_h": self.month_h}))
        return BillLine(
            charge["id"],
            charge["kind"],
            charge["title"],
            formula,
            inputs,
            rounded(amount, decimals_of(self.document)),
            period=period,
            clause=charge.get("clause", ""),
            is_estimate=self.is_estimate and not is_timeless,
            remarks=remarks,
            measured=measured,
        )

    @property
    def known_h(self) -> float:
        return float(np.sum(self.known.covered_h))

    def _in(self, names: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return np.isin(self.period, [self.periods.index(name) for name in names])
