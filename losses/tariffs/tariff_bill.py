"""A month's bill from hourly energies and a tariff document."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from losses.tariffs.bill_lines import Bill, BillLine, Document, SupplyContract, decimals_of
from losses.tariffs.billing_context import COMPLETE_SHARE, BillingContext
from losses.tariffs.metered_hours import FloatArray, IntArray, MeteredHours, month_hours_s
from losses.tariffs.metered_quantities import energy_sum, lagging_kvarh, leading_kvarh, month_power_factor
from losses.tariffs.power_factor_clauses import power_factor_lines
from losses.tariffs.priced_charges import capacity_lines, demand_lines, energy_lines, fixed_lines, tax_line
from losses.tariffs.reactive_clauses import reactive_energy_lines, reference_power_factor_lines
from losses.tariffs.time_of_use import period_names, period_of_hours


class WrongMonth(ValueError):
    """Hours, or a validity, that have nothing to do with the month that is billed."""


def bill(
    document: Document,
    hours: MeteredHours,
    month: date,
    contract: SupplyContract | None = None,
    *,
    estimate: bool = False,
) -> Bill:
    """The bill of the local month that ``month`` lies in; hours of other months are left out.

    document: checked (``tariff_document.checked_document``). Hours that are not known are billed only where
    ``estimate``: each period's energies are then scaled to its hours, and the lines say so. Demands never are.
    Raises WrongMonth where the tariff isn't valid on a day of the month. Steps: the month's hours and their periods;
    charges in the order of the document, so that percentages find their base; taxes.
    """
    first = month.replace(day=1)
    _check_validity(document, first)
    given = _context(document, hours.in_month(first), first, contract or SupplyContract(), estimate)
    lines: list[BillLine] = []
    for charge in document["charges"]:
        lines.extend(_lines(charge, lines, given))
    for tax in document.get("taxes", []):
        lines.append(tax_line(tax, lines, given))
    return Bill(
        tariff=document["name"],
        currency=document["currency"],
        decimals=decimals_of(document),
        month=first,
        month_h=given.month_h,
        known_h=given.known_h,
        lines=tuple(lines),
        power_factor=month_power_factor(given.energies, _quantities(document), given.quadrants),
        energies=_energies(given),
        is_estimate=given.is_estimate,
    )


def _lines(charge: Document, lines: list[BillLine], given: BillingContext) -> Iterator[BillLine]:
    match charge["kind"]:
        case "energy":
            return energy_lines(charge, given)
        case "demand":
            return demand_lines(charge, given)
        case "capacity":
            return capacity_lines(charge, given)
        case "fixed":
            return fixed_lines(charge, given)
        case "power_factor":
            return power_factor_lines(charge, lines, given)
        case "reactive_energy":
            return reactive_energy_lines(charge, given)
    return reference_power_factor_lines(charge, given)


def _context(
    document: Document, known: MeteredHours, first: date, contract: SupplyContract, estimate: bool
) -> BillingContext:
    month_s = month_hours_s(first, known.zone)
    period = period_of_hours(document, known.at_s, known.zone)
    is_partial = float(np.sum(known.covered_h)) < len(month_s) * COMPLETE_SHARE
    energies = known
    if estimate and is_partial:
        energies = known.scaled(_missing_factor(document, known, period, month_s))
    return BillingContext(
        document=document,
        month=first,
        days=monthrange(first.year, first.month)[1],
        month_h=len(month_s),
        energies=energies,
        known=known,
        period=period,
        periods=tuple(period_names(document)),
        contract=contract,
        is_estimate=estimate and is_partial,
    )


def _missing_factor(document: Document, known: MeteredHours, period: IntArray, month_s: IntArray) -> FloatArray:
    """[known hour] hours of its period in the month over those of them that are known."""
    expected = np.bincount(period_of_hours(document, month_s, known.zone), minlength=len(period_names(document)))
    covered = np.bincount(period, weights=known.covered_h, minlength=len(expected))
    return np.asarray((expected / np.maximum(covered, 1e-9))[period])


def _check_validity(document: Document, first: date) -> None:
    last = first + timedelta(days=monthrange(first.year, first.month)[1] - 1)
    start, end = document["valid_from"], document.get("valid_to")
    if last.isoformat() < start or (end is not None and first.isoformat() > end):
        raise WrongMonth(
            f"{document['name']} is valid from {start} to {end or 'further notice'}, "
            f"expected a month in that time; received {first:%Y-%m}."
        )


def _quantities(document: Document) -> str:
    """What counts in the clause over the power factor, else in the energy charge, else both directions."""
    named = [each["quantities"] for each in document["charges"] if "quantities" in each]
    return next(iter(named[::-1]), "lag_lead")


def _energies(given: BillingContext) -> dict[str, Decimal]:
    hours = given.energies
    return {
        "energy_import_kwh": energy_sum(hours.energy_import_kwh),
        "energy_export_kwh": energy_sum(hours.energy_export_kwh),
        "reactive_lagging_kvarh": energy_sum(lagging_kvarh(hours, given.quadrants)),
        "reactive_leading_kvarh": energy_sum(leading_kvarh(hours, given.quadrants)),
        "apparent_kvah": energy_sum(hours.apparent_kvah),
    }
