"""Reactive energy that is charged by the kvarh above a share of the kWh, and kWh at a reference power factor."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from losses.tariffs.bill_lines import Amount, BillLine, Document
from losses.tariffs.billing_context import BillingContext
from losses.tariffs.metered_hours import FloatArray, MeteredHours
from losses.tariffs.metered_quantities import decimal_of, energy_sum, lagging_kvarh, leading_kvarh
from losses.tariffs.power_factor_clauses import let_off
from losses.tariffs.time_of_use import ALL


def reactive_energy_lines(charge: Document, given: BillingContext) -> Iterator[BillLine]:
    """Excess kvarh × the price at the power factor of the same energies: by hour, by period or for the month."""
    if charge["per"] == "period":
        for name in charge.get("periods", given.periods):
            yield _line(charge, given.of_period(name), given, period="" if name == ALL else name)
        return
    yield _line(charge, given.of_periods(charge.get("periods")), given)


def reference_power_factor_lines(charge: Document, given: BillingContext) -> Iterator[BillLine]:
    """kWh × (reference / power factor − 1) of each hour below the reference, which is reference × kVAh − kWh."""
    hours = given.of_periods(charge.get("periods"))
    net = lagging_kvarh(hours, given.quadrants) - leading_kvarh(hours, given.quadrants)
    reactive = {"inductive": np.maximum(net, 0.0), "capacitive": np.maximum(-net, 0.0), "both": np.abs(net)}
    counted = reactive[charge["direction"]]
    active = hours.energy_import_kwh
    surplus = np.maximum(charge["reference"] * np.hypot(active, counted) - active, 0.0)
    energy, price = energy_sum(np.where(counted > 0, surplus, 0.0)), decimal_of(charge["price"])
    amount, remarks = let_off(charge, energy * price, given)
    inputs: dict[str, Amount] = {
        "reference power factor": decimal_of(charge["reference"]),
        "hours below it": int(np.sum(surplus > 0)),
        "surplus (kWh)": energy,
        "price": price,
    }
    formula = "Σ kWh × (reference / power factor − 1) of each hour × price"
    yield given.line(charge, amount, formula=formula, inputs=inputs, remarks=remarks)


def _line(charge: Document, hours: MeteredHours, given: BillingContext, period: str = "") -> BillLine:
    active, reactive = hours.energy_import_kwh, _directed(charge["direction"], hours, given.quadrants)
    if charge["per"] != "hour":
        active, reactive = np.array([np.sum(active)]), np.array([np.sum(reactive)])
    excess = np.maximum(reactive - charge["share"] * active, 0.0)
    billed = np.where(excess > 0, reactive, 0.0) if charge.get("charged") == "all" else excess
    inputs: dict[str, Amount] = {"kWh": energy_sum(active), "kvarh": energy_sum(reactive)}
    inputs["free kvarh per kWh"] = decimal_of(charge["share"])
    cost = Decimal(0)
    for price, kvarh in _by_price(charge, active, reactive, billed):
        inputs[f"billed kvarh at {price}"] = kvarh
        cost += kvarh * price
    amount, remarks = let_off(charge, cost, given)
    formula = "max(0, kvarh − share × kWh) × price"
    if charge["per"] == "hour":
        formula = f"Σ of each hour: {formula}"
    return given.line(charge, amount, formula=formula, inputs=inputs, period=period, remarks=remarks)


def _by_price(
    charge: Document, active: FloatArray, reactive: FloatArray, billed: FloatArray
) -> Iterator[tuple[Decimal, Decimal]]:
    """Price and billed kvarh for each price of the clause that is met."""
    apparent = np.hypot(active, reactive)
    factor = np.divide(active, apparent, out=np.ones_like(active), where=apparent > 0)
    left = np.ones(len(factor), dtype=np.bool_)
    for row in charge["prices"]:
        chosen = left & (factor >= row["at_least"])
        left &= ~chosen
        kvarh = energy_sum(billed[chosen])
        if kvarh > 0:
            yield decimal_of(row["price"]), kvarh


def _directed(direction: str, hours: MeteredHours, quadrants: str) -> FloatArray:
    lag, lead = lagging_kvarh(hours, quadrants), leading_kvarh(hours, quadrants)
    return {"inductive": lag, "capacitive": lead, "both": lag + lead}[direction]
