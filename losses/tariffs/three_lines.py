"""What a poor power factor costs, as three lines that are never added up. Pure.

They are answers to three questions: what is lost in copper, what the bill charges, what of the transformer is taken up.
Part of the first is in the second (a kWh that is lost is billed), and the third is no money until room is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from losses.tariffs.bill_lines import Bill, Document, SupplyContract
from losses.tariffs.metered_hours import FloatArray, MeteredHours, summed
from losses.tariffs.reactive_change import at_target
from losses.tariffs.tariff_bill import bill

CODES = ("avoidable_loss", "penalty", "released_kva")


@dataclass(frozen=True)
class ThreeLine:
    """One of the three: figures (None is not known), formula, inputs by name with unit, codes of assumptions."""

    code: str
    formula: str
    inputs: Mapping[str, float | str]
    kwh: float | None = None
    amount: Decimal | None = None
    co2_kg: float | None = None
    kva: float | None = None
    assumptions: tuple[str, ...] = ()


def three_lines(
    document: Document,
    meters: Sequence[MeteredHours],
    which: int,
    month: date,
    contract: SupplyContract | None = None,
    *,
    avoidable_kwh: float,
    target_power_factor: float,
    co2_kg_per_kwh: float | None,
) -> tuple[ThreeLine, ThreeLine, ThreeLine]:
    """The month of one meter among those that are billed as one point.

    avoidable_kwh: what the target power factor would save in the transformer and in the lines above it. The penalty is
    the point's bill less that of the same month with this meter's reactive energy no further than the target, leading
    or lagging; with an incentive above the target still to be had.
    """
    mine = meters[which].in_month(month)
    now = bill(document, summed(meters), month, contract)
    return (
        _avoidable(now, avoidable_kwh, co2_kg_per_kwh),
        _penalty(document, meters, which, month, contract, now, target_power_factor),
        _released(mine, target_power_factor),
    )


def energy_price(found: Bill) -> Decimal | None:
    """Mean price of a kWh by the month's energy lines, whatever their unit; None without energy."""
    drawn = found.energies["energy_import_kwh"]
    amounts = sum((line.amount for line in found.lines if line.kind == "energy"), Decimal(0))
    return amounts / drawn if drawn > 0 else None


def _avoidable(now: Bill, avoidable_kwh: float, co2_kg_per_kwh: float | None) -> ThreeLine:
    price = energy_price(now)
    inputs: dict[str, float | str] = {"avoidable loss (kWh)": avoidable_kwh}
    if price is not None:
        inputs[f"mean energy price ({now.currency}/kWh)"] = float(price)
    if co2_kg_per_kwh is not None:
        inputs["CO2 factor (kg/kWh)"] = co2_kg_per_kwh
    return ThreeLine(
        CODES[0],
        "Σ (loss at Q − loss at the target), × mean energy price, × CO2 factor",
        inputs,
        kwh=avoidable_kwh,
        amount=None if price is None else Decimal(f"{avoidable_kwh:.6f}") * price,
        co2_kg=None if co2_kg_per_kwh is None else avoidable_kwh * co2_kg_per_kwh,
        assumptions=("mean_energy_price", *(() if co2_kg_per_kwh is not None else ("no_co2_factor",))),
    )


def _penalty(
    document: Document,
    meters: Sequence[MeteredHours],
    which: int,
    month: date,
    contract: SupplyContract | None,
    now: Bill,
    target_power_factor: float,
) -> ThreeLine:
    corrected = [at_target(each, target_power_factor) if n == which else each for n, each in enumerate(meters)]
    then = bill(document, summed(corrected), month, contract)
    inputs = {"bill now": float(now.total), "bill at the target": float(then.total), "target": target_power_factor}
    codes = ["same_active_energy", *(["one_of_several_meters"] if len(meters) > 1 else [])]
    formula = "bill now − bill with kvarh no further than the target"
    return ThreeLine(CODES[1], formula, inputs, amount=now.total - then.total, assumptions=tuple(codes))


def _released(hours: MeteredHours, target_power_factor: float) -> ThreeLine:
    """At the hour of the highest kVA: P/pf1 − P/pf2, which is S − P/pf2; never below 0."""
    formula = "P/pf1 − P/pf2 at the month's highest kVA"
    peak = _peak(hours.max_demand_kva, hours.max_demand_kw)
    if peak is None:
        return ThreeLine(CODES[2], formula, {}, assumptions=("demand_unknown",))
    apparent, active = peak
    inputs = {"P (kW)": active, "S (kVA)": apparent, "pf1": active / apparent if apparent else 1.0}
    released = max(apparent - active / target_power_factor, 0.0)
    assumed = ("highest_kw_of_the_hour",)
    return ThreeLine(CODES[2], formula, inputs | {"pf2": target_power_factor}, kva=released, assumptions=assumed)


def _peak(apparent: FloatArray, active: FloatArray) -> tuple[float, float] | None:
    known = np.isfinite(apparent) & np.isfinite(active)
    if not known.any():
        return None
    row = int(np.argmax(np.where(known, apparent, -np.inf)))
    return float(apparent[row]), float(min(active[row], apparent[row]))
