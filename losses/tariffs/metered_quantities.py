"""Quantities that clauses speak of: which reactive energy counts, sums, and the power factor of energies."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np

from losses.tariffs.metered_hours import FloatArray, MeteredHours

Document = dict[str, Any]


def decimal_of(value: float) -> Decimal:
    """A number of a document or a price, exactly as it is written."""
    return Decimal(str(value))


def energy_sum(values: FloatArray) -> Decimal:
    """A sum of energies as a decimal, to the milliwatt-hour: far below what a meter shows."""
    return Decimal(f"{float(np.sum(values)):.6f}")


def lagging_kvarh(hours: MeteredHours, quadrants: str) -> FloatArray:
    """[hour] inductive: quadrants I and II, or I alone where only what is metered while energy is drawn counts."""
    return hours.reactive_q1_kvarh if quadrants == "import" else hours.reactive_q1_kvarh + hours.reactive_q2_kvarh


def leading_kvarh(hours: MeteredHours, quadrants: str) -> FloatArray:
    """[hour] capacitive: quadrants III and IV, or IV alone."""
    return hours.reactive_q4_kvarh if quadrants == "import" else hours.reactive_q3_kvarh + hours.reactive_q4_kvarh


def counted_kvarh(hours: MeteredHours, quantities: str, quadrants: str) -> FloatArray:
    """[hour] the reactive energy that counts, never below 0 but for absolute, whose sign the sum has to keep."""
    lag, lead = lagging_kvarh(hours, quadrants), leading_kvarh(hours, quadrants)
    return {"lag": lag, "lead": lead, "lag_lead": lag + lead, "absolute": lag - lead}[quantities]


def counted_kvah(hours: MeteredHours, quantities: str, quadrants: str) -> FloatArray:
    """[hour] kVAh as measured, or of the active energy and the reactive energy that counts."""
    if quantities == "apparent":
        return hours.apparent_kvah
    return np.hypot(hours.energy_import_kwh, counted_kvarh(hours, quantities, quadrants))


def month_power_factor(hours: MeteredHours, quantities: str, quadrants: str) -> Decimal | None:
    """kWh / √(kWh² + kvarh²) of the sums, never a mean of hourly values; None where no energy was drawn."""
    active = energy_sum(hours.energy_import_kwh)
    if quantities == "apparent":
        apparent = energy_sum(hours.apparent_kvah)
    else:
        reactive = energy_sum(counted_kvarh(hours, quantities, quadrants))
        apparent = (active**2 + reactive**2).sqrt()
    return min(active / apparent, Decimal(1)) if active > 0 and apparent > 0 else None


def to_decimals(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
