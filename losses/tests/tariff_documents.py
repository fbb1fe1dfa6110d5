"""A small tariff and months of hours to try its parts on."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from losses.tariffs.metered_hours import FloatArray, MeteredHours, month_hours_s
from losses.tariffs.tariff_document import checked_document

KOLKATA = ZoneInfo("Asia/Kolkata")
MARCH = date(2026, 3, 1)
ENERGY: dict[str, Any] = {"kind": "energy", "id": "energy", "title": "Energy", "unit": "kWh", "prices": {"all": 6}}


def tariff(*charges: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A document of an energy charge and the given ones, not checked."""
    return {
        "schema": 1, "name": "Example", "currency": "INR", "status": "example",
        "sources": [{"title": "made for a test", "date": "2026-01-01"}], "valid_from": "2020-01-01",
        "charges": [ENERGY, *charges],
    } | values  # fmt: skip


def checked(*charges: dict[str, Any], **values: Any) -> dict[str, Any]:
    return checked_document(tariff(*charges, **values))


def power_factor_clause(rule: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "kind": "power_factor",
        "id": "pf",
        "title": "Power factor",
        "base": ["energy"],
        "quantities": "lag",
        "rule": rule,
    } | values


def slabs(step: str, *rows: tuple[float, float, float]) -> dict[str, Any]:
    return {
        "form": "slabs",
        "step": step,
        "slabs": [{"from": start, "to": end, "percent": percent} for start, end, percent in rows],
    }


def month_of(
    month: date = MARCH,
    zone: ZoneInfo = KOLKATA,
    *,
    kw: float | FloatArray = 100.0,
    lagging: float | FloatArray = 0.0,
    leading: float | FloatArray = 0.0,
    **columns: FloatArray,
) -> MeteredHours:
    """A whole month; powers are the same in every hour, or one value for each."""
    at_s = month_hours_s(month, zone)
    active, lag, lead = (
        np.broadcast_to(np.asarray(value, float), at_s.shape).copy() for value in (kw, lagging, leading)
    )
    apparent = np.hypot(active, lag - lead)
    return MeteredHours.of_columns(
        zone,
        at_s,
        {
            "energy_import_kwh": active, "reactive_q1_kvarh": lag, "reactive_q4_kvarh": lead, "apparent_kvah": apparent,
            "max_demand_kw": active, "max_demand_kva": apparent,
        } | columns,
    )  # fmt: skip
