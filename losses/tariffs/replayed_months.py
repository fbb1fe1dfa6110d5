"""Months in a row by one tariff, as they were or with another reactive energy: what a replay asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from losses.tariffs.bill_lines import Bill, Document, SupplyContract
from losses.tariffs.metered_hours import FloatArray, MeteredHours
from losses.tariffs.reactive_change import with_net_kvarh
from losses.tariffs.tariff_bill import bill

DocumentOn = Callable[[date], Document | None]


def replayed_bills(
    document_on: DocumentOn,
    hours: MeteredHours,
    net_kvarh: FloatArray,
    months: Iterable[date],
    contract: SupplyContract | None = None,
) -> tuple[Bill, ...]:
    """The bills of months with another reactive energy, [hour of ``hours``] kvarh, lagging above 0, leading below.

    kWh stay; kVAh and the demand in kVA follow (``with_net_kvarh``), and so do ratchets of later months. The same
    net_kvarh as metered gives the bills as they were. A year takes some hundredths of a second.
    """
    return bills_of_months(document_on, with_net_kvarh(hours, net_kvarh), months, contract)


def bills_of_months(
    document_on: DocumentOn, hours: MeteredHours, months: Iterable[date], contract: SupplyContract | None = None
) -> tuple[Bill, ...]:
    """Bills in the order of time, each with what the months before it leave behind: demands and forgiven months.

    document_on: the checked document that bills the month of a day, None where none is valid. A month without one, or
    of which no hour is known, has no bill. contract: as of the first month.
    """
    found: list[Bill] = []
    given = contract or SupplyContract()
    for month in sorted({each.replace(day=1) for each in months}):
        document, known = document_on(month), hours.in_month(month)
        if document is None or not len(known):
            continue
        if found and found[-1].month.year != month.year:
            given = replace(given, forgiven_used=dict.fromkeys(given.forgiven_used, 0))
        found.append(bill(document, known, month, given))
        given = _after(given, found[-1])
    return tuple(found)


def months_before(month: date, count: int) -> list[date]:
    """The first days of so many months before that of a day, the oldest first."""
    number = month.year * 12 + month.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(number - count, number)]


def ratchet_months(document: Document) -> int:
    """How many months before a bill its demand charges look back to; 0 without a ratchet."""
    return max((each["ratchet"]["months"] for each in document["charges"] if "ratchet" in each), default=0)


def measured_demands(bills: Sequence[Bill]) -> dict[str, list[Decimal]]:
    """By demand charge, what was measured in each month in which something was; the latest last."""
    found: dict[str, list[Decimal]] = {}
    for each in bills:
        for line in each.lines:
            if line.measured is not None:
                found.setdefault(line.charge, []).append(line.measured)
    return found


def _after(given: SupplyContract, last: Bill) -> SupplyContract:
    """The contract as the next month finds it."""
    demands: Mapping[str, Sequence[Decimal]] = {
        **given.past_demands,
        **{name: [*given.past_demands.get(name, ()), *each] for name, each in measured_demands([last]).items()},
    }
    forgiven = {line.charge for line in last.lines for remark in line.remarks if remark.code == "forgiven"}
    used = {name: count + (name in forgiven) for name, count in given.forgiven_used.items()}
    return replace(given, past_demands=demands, forgiven_used=used)
