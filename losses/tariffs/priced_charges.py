"""Energy, demand, capacity and fixed charges, and taxes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from losses.tariffs.bill_lines import Amount, BillLine, Document, Remark
from losses.tariffs.billing_context import BillingContext
from losses.tariffs.metered_hours import FloatArray
from losses.tariffs.metered_quantities import counted_kvah, decimal_of, energy_sum, to_decimals
from losses.tariffs.time_of_use import ALL


def energy_lines(charge: Document, given: BillingContext) -> Iterator[BillLine]:
    """One line for each period: energy × price."""
    unit = charge["unit"]
    for name in given.periods:
        hours = given.of_period(name)
        values = hours.energy_import_kwh
        if unit == "kVAh":
            values = counted_kvah(hours, charge.get("quantities", "apparent"), given.quadrants)
        energy, price = energy_sum(values), decimal_of(charge["prices"][name])
        yield given.line(
            charge,
            energy * price,
            formula=f"{unit} × price",
            inputs={unit: energy, f"price per {unit}": price},
            period="" if name == ALL else name,
        )


def demand_lines(charge: Document, given: BillingContext) -> Iterator[BillLine]:
    """The billed demand × price: the highest window of its periods, at least what ratchet and contract ask for."""
    measured, remarks = demand_of(charge, given)
    unit, price = charge["unit"], decimal_of(charge["price"])
    floors, asked = _floors(charge, given)
    billed = max([measured or Decimal(0), *floors.values()])
    billed += _beyond_contract(charge, given, billed)
    shown = "kW" if unit == "kW" else "kVA" if unit == "kVA" else "kW or k·kVA"
    inputs = {
        f"measured ({shown})": "not known" if measured is None else measured,
        **floors,
        f"billed ({shown})": billed,
    }
    if unit == "max":
        inputs["k"] = decimal_of(charge["k"])
    yield given.line(
        charge,
        billed * price,
        formula="highest of measured, ratchet and contract × price" if floors else "measured × price",
        inputs={**inputs, "price": price},
        remarks=(*remarks, *asked),
        measured=measured,
    )


def demand_of(charge: Document, given: BillingContext) -> tuple[Decimal | None, tuple[Remark, ...]]:
    """The month's highest demand in the charge's unit and periods, to the watt; None where none is known."""
    hours = given.of_periods(charge.get("periods"))
    active, apparent, remarks = _demands(charge["window_min"], given, charge.get("periods"))
    values = {
        "kW": active,
        "kVA": apparent,
        "max": np.fmax(active, float(charge.get("k", 1)) * apparent),
    }[charge["unit"]]
    if not len(hours) or not np.isfinite(values).any():
        return None, (*remarks, Remark("demand_unknown"))
    return to_decimals(Decimal(str(float(np.nanmax(values)))), 3), remarks


def _demands(
    window_min: int, given: BillingContext, periods: list[str] | None
) -> tuple[FloatArray, FloatArray, tuple[Remark, ...]]:
    """kW and kVA of each hour's highest window. An hour's own mean where the window is an hour."""
    hours = given.metered(periods)
    if window_min == 60:
        with np.errstate(divide="ignore", invalid="ignore"):
            return hours.energy_import_kwh / hours.covered_h, hours.apparent_kvah / hours.covered_h, ()
    remarks = []
    if window_min != hours.demand_window_min:
        remarks.append(Remark("demand_window", {"tariff_min": window_min, "metered_min": hours.demand_window_min}))
    if hours.is_sum:
        remarks.append(Remark("demand_summed"))
    return hours.max_demand_kw, hours.max_demand_kva, tuple(remarks)


def _floors(charge: Document, given: BillingContext) -> tuple[dict[str, Decimal], tuple[Remark, ...]]:
    """What is billed at least, and what would have to be known to say so."""
    floors: dict[str, Decimal] = {}
    remarks = []
    if ratchet := charge.get("ratchet"):
        past = list(given.contract.past_demands.get(charge["id"], ()))[-ratchet["months"] :]
        if past:
            floors[f"ratchet: {ratchet['share']} × highest of {len(past)} months"] = decimal_of(ratchet["share"]) * max(
                past
            )
        if len(past) < ratchet["months"]:
            remarks.append(Remark("ratchet_short", {"known": len(past), "months": ratchet["months"]}))
    if share := charge.get("contract_share"):
        contract = _contract_demand(charge, given)
        if contract is None:
            remarks.append(Remark("contract_unknown"))
        else:
            floors[f"contract: {share} × {contract}"] = decimal_of(share) * contract
    return floors, tuple(remarks)


def _beyond_contract(charge: Document, given: BillingContext, demand: Decimal) -> Decimal:
    """What is billed once more of a demand above the contract's."""
    contract = _contract_demand(charge, given)
    if contract is None or "above_contract" not in charge:
        return Decimal(0)
    return max(demand - contract, Decimal(0)) * (decimal_of(charge["above_contract"]) - 1)


def _contract_demand(charge: Document, given: BillingContext) -> Decimal | None:
    return given.contract.contract_kw if charge["unit"] == "kW" else given.contract.contract_kva


def capacity_lines(charge: Document, given: BillingContext) -> Iterator[BillLine]:
    """The agreed capacity × price, and what the month's demand goes beyond it × the price of the excess."""
    agreed = given.contract.contract_kva
    times = given.days if charge["per"] == "day" else 1
    if agreed is None:
        yield given.line(charge, Decimal(0), formula="kVA × price", inputs={}, remarks=(Remark("contract_unknown"),))
        return
    price = decimal_of(charge["price"])
    inputs: dict[str, Amount] = {"agreed (kVA)": agreed, f"{charge['per']}s": times, "price": price}
    yield given.line(charge, agreed * price * times, formula=f"kVA × {charge['per']}s × price", inputs=inputs)
    if "excess_price" in charge:
        _, apparent, remarks = _demands(charge["window_min"], given, None)
        highest = Decimal(f"{np.nanmax(apparent):.3f}") if np.isfinite(apparent).any() else Decimal(0)
        excess, price = max(highest - agreed, Decimal(0)), decimal_of(charge["excess_price"])
        inputs = {"demand (kVA)": highest, "excess (kVA)": excess, f"{charge['per']}s": times, "price": price}
        yield given.line(
            charge,
            excess * price * times,
            formula=f"(demand − agreed) × {charge['per']}s × price",
            inputs=inputs,
            period="excess",
            remarks=remarks,
        )


def fixed_lines(charge: Document, given: BillingContext) -> Iterator[BillLine]:
    times, price = given.days if charge["per"] == "day" else 1, decimal_of(charge["price"])
    inputs: dict[str, Amount] = {f"{charge['per']}s": times, "price": price}
    yield given.line(charge, price * times, formula=f"{charge['per']}s × price", inputs=inputs)


def tax_line(tax: Document, lines: list[BillLine], given: BillingContext) -> BillLine:
    """A percentage of some lines, of all charges where none are named."""
    taxed = tax.get("on")
    base = sum((each.amount for each in lines if (each.charge in taxed if taxed else each.kind != "tax")), Decimal(0))
    percent = decimal_of(tax["percent"])
    inputs = {"base": base, "per cent": percent}
    return given.line({**tax, "kind": "tax"}, base * percent / 100, formula="base × per cent", inputs=inputs)
