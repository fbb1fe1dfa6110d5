"""Penalties and incentives over the month's power factor: slabs, tables, factors; caps, exemptions, forgiven months."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from losses.tariffs.bill_lines import Amount, BillLine, Document, Remark
from losses.tariffs.billing_context import BillingContext
from losses.tariffs.metered_quantities import decimal_of, month_power_factor, to_decimals

STEP = Decimal("0.01")
"""Clauses count in hundredths of power factor."""


def power_factor_lines(charge: Document, lines: list[BillLine], given: BillingContext) -> Iterator[BillLine]:
    """One line: a percentage of the charges that the clause names."""
    base = sum((line.amount for line in lines if line.charge in charge["base"]), Decimal(0))
    found = month_power_factor(given.of_periods(charge.get("periods")), charge["quantities"], given.quadrants)
    if found is None:
        yield given.line(charge, Decimal(0), formula=FORMULA, inputs={"base": base}, remarks=(Remark("no_energy"),))
        return
    decimals = charge.get("decimals", 4)
    value = max(to_decimals(found, decimals), Decimal(1).scaleb(-decimals))
    percent = capped(clause_percent(charge["rule"], value), charge)
    inputs: dict[str, Amount] = {"base": base, "power factor": value, "per cent": percent}
    amount, remarks = let_off(charge, base * percent / 100, given)
    yield given.line(charge, amount, formula=FORMULA, inputs=inputs, remarks=remarks)


FORMULA = "base × per cent, by kWh / √(kWh² + kvarh²) of the month"


def clause_percent(rule: Document, power_factor: Decimal) -> Decimal:
    """Per cent of the base at a power factor above 0 and up to 1; above zero a penalty, below an incentive."""
    match rule["form"]:
        case "slabs":
            return sum((_slab(each, rule["step"], power_factor) for each in rule["slabs"]), Decimal(0))
        case "table":
            row = next(each for each in rule["rows"] if power_factor >= decimal_of(each["at_least"]))
            return decimal_of(row["percent"])
    target = decimal_of(rule["target"])
    if power_factor >= target and not rule.get("incentive"):
        return Decimal(0)
    return (target / power_factor - 1) * 100


def capped(percent: Decimal, charge: Document) -> Decimal:
    low, high = charge.get("min_percent"), charge.get("max_percent")
    percent = percent if low is None else max(percent, decimal_of(low))
    return percent if high is None else min(percent, decimal_of(high))


def let_off(charge: Document, amount: Decimal, given: BillingContext) -> tuple[Decimal, tuple[Remark, ...]]:
    """The amount less what an exemption or a forgiven month takes away, and why."""
    exempt, remarks = _exemption(charge.get("exempt", {}), given)
    if exempt:
        return Decimal(0), remarks
    used = given.contract.forgiven_used.get(charge["id"])
    allowed = charge.get("forgiven_months", 0)
    if amount > 0 and allowed and used is None:
        return amount, (*remarks, Remark("forgivable", {"of": allowed}))
    if amount > 0 and used is not None and used < allowed:
        return Decimal(0), (*remarks, Remark("forgiven", {"amount": amount, "month": used + 1, "of": allowed}))
    return amount, remarks


def _exemption(exempt: Document, given: BillingContext) -> tuple[bool, tuple[Remark, ...]]:
    if given.month.month in exempt.get("months", []):
        return True, (Remark("exempt_month"),)
    kw, kva = given.contract.contract_kw, given.contract.installed_kva
    limits = {name: decimal_of(exempt[name]) for name in ("up_to_kw", "below_kva", "from_kva") if name in exempt}
    found = {
        "up_to_kw": None if kw is None else kw <= limits.get("up_to_kw", -1),
        "below_kva": None if kva is None else kva < limits.get("below_kva", -1),
        "from_kva": None if kva is None else "from_kva" in limits and kva >= limits["from_kva"],
    }
    found = {name: value for name, value in found.items() if name in limits}
    if True in found.values():
        return True, (Remark("exempt_size"),)
    return False, tuple(Remark("size_unknown", {"needs": name}) for name, value in found.items() if value is None)


def _slab(slab: Document, step: str, power_factor: Decimal) -> Decimal:
    start, end = decimal_of(slab["from"]), decimal_of(slab["to"])
    beyond = power_factor - start if end > start else start - power_factor
    beyond = min(max(beyond, Decimal(0)), abs(end - start))
    steps = beyond / STEP
    if step != "proportional":
        steps = steps.to_integral_value(ROUND_FLOOR if step == "whole" else ROUND_CEILING)
    return steps * decimal_of(slab["percent"]) + (decimal_of(slab.get("at_once", 0)) if beyond > 0 else 0)
