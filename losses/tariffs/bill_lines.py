"""What a bill consists of: lines, each with its formula, its inputs and the clause that it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from losses.tariffs.currencies import minor_units

Document = dict[str, Any]
Amount = Decimal | int | str
POWER_FACTOR_KINDS = frozenset({"power_factor", "reactive_energy", "reference_power_factor"})
"""Kinds of charges that exist for the power factor's sake alone."""


def decimals_of(document: Document) -> int:
    """To how many decimals the tariff rounds a line: as it says, else as its currency is written."""
    return int(document.get("decimals", minor_units(document["currency"])))


@dataclass(frozen=True)
class Remark:
    """Something to know about a line, as a code and figures; the sentence is made where it is shown."""

    code: str
    figures: Mapping[str, Amount] = field(default_factory=dict)


@dataclass(frozen=True)
class BillLine:
    """One amount of a bill. charge: the clause's id; period: of use, or empty; inputs: figures by name with unit.

    measured: of a demand charge, the month's own demand in the charge's unit, before ratchet and contract.
    """

    charge: str
    kind: str
    title: str
    formula: str
    inputs: Mapping[str, Amount]
    amount: Decimal
    period: str = ""
    clause: str = ""
    is_estimate: bool = False
    remarks: tuple[Remark, ...] = ()
    measured: Decimal | None = None

    @property
    def id(self) -> str:
        return f"{self.charge}:{self.period}" if self.period else self.charge


@dataclass(frozen=True)
class SupplyContract:
    """What a bill needs to know of the site beside its energies; None is not known.

    past_demands: by the id of a demand charge, the demands of the months before, the latest last. forgiven_used: by
    the id of a clause, how many months of this calendar year were let off already; a clause that is not there is
    billed, since a utility lets off what it decides to.
    """

    contract_kva: Decimal | None = None
    contract_kw: Decimal | None = None
    installed_kva: Decimal | None = None
    past_demands: Mapping[str, Sequence[Decimal]] = field(default_factory=dict)
    forgiven_used: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Bill:
    """A month's bill. known_h of month_h hours are known; what is missing is billed only where ``is_estimate``."""

    tariff: str
    currency: str
    decimals: int
    month: date
    month_h: int
    known_h: float
    lines: tuple[BillLine, ...]
    power_factor: Decimal | None
    energies: Mapping[str, Decimal]
    is_estimate: bool

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def power_factor_amount(self) -> Decimal:
        """Penalties less incentives: of the lines that exist for the power factor's sake alone, taxes left out."""
        return sum((line.amount for line in self.lines if line.kind in POWER_FACTOR_KINDS), Decimal(0))

    @property
    def coverage(self) -> float:
        return min(self.known_h / self.month_h, 1.0)

    def amount(self, charge: str) -> Decimal:
        """The sum of a charge's lines."""
        return sum((line.amount for line in self.lines if line.charge == charge), Decimal(0))
