"""Tariff, months, costs and bills of a large grid: each substation is billed on its own, the most rows there can be."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from alerts.models import Alert, AlertPenalty
from losses.models import MonthCost, MonthOutlook, TariffAssignment, UtilityBill
from losses.tariff_store import store_version
from substations.models import Substation

CURRENCY = {"currency": "INR", "decimals": 2}
DOCUMENT = {
    "schema": 1, "name": "Large grid", "status": "example", "valid_from": "2020-01-01", **CURRENCY,
    "sources": [{"title": "made up", "date": "2026-01-01"}],
    "charges": [
        {"kind": "energy", "id": "energy", "title": "Energy", "unit": "kWh", "prices": {"all": 6}},
        {"kind": "fixed", "id": "fixed", "title": "Fixed", "per": "month", "price": 500},
    ],
}  # fmt: skip
LINE = {
    "id": "energy", "kind": "energy", "title": "Energy", "period": "", "clause": "", "formula": "kWh × price",
    "inputs": {"kWh": "74400", "price per kWh": "6"}, "amount": "446400.00", "is_estimate": False, "remarks": [],
}  # fmt: skip
THREE = [
    {"code": code, "formula": "now − then", "inputs": {"now": 2.0, "then": 1.0}, "kwh": 100.0, "amount": "600.0000",
     "co2_kg": 71.0, "kva": None, "assumptions": ["same_active_energy"]}
    for code in ("avoidable_loss", "penalty", "released_kva")
]  # fmt: skip
OUTLOOK: dict[str, Any] = {
    "known_h": 240.0, "month_h": 744, "power_factor_now": 0.88, "power_factor_low": 0.9, "power_factor_middle": 0.88,
    "power_factor_high": 0.86, "amount_now": 1000, "amount_low": 2000, "amount_middle": 3000, "amount_high": 4000,
    "total_middle": 446_400, "target_power_factor": 0.9, "hold_power_factor": 0.92, "days_left": 21.0, **CURRENCY,
    "bill_lines": [LINE] * 6,
}  # fmt: skip


def fill_costs(grid: list[Substation], until: datetime) -> None:
    month = until.date().replace(day=1)
    tariff = store_version(DOCUMENT).tariff
    first = date(2020, 1, 1)
    assigned = TariffAssignment.objects.bulk_create(
        TariffAssignment(tariff=tariff, substation=each, since=first) for each in grid
    )
    MonthOutlook.objects.bulk_create(
        MonthOutlook(assignment=each, month=month, until=until, **OUTLOOK) for each in assigned
    )
    MonthCost.objects.bulk_create(
        MonthCost(substation=each, month=month, until=until, avoidable_kwh=100.0, lines=THREE, **CURRENCY)
        for each in grid
    )
    gap = {"figure": "kwh", "bill": 2.0, "ours": 1.0, "gap": 1.0, "share": 1.0, "reason": "unexplained", "figures": {}}
    UtilityBill.objects.bulk_create(
        UtilityBill(assignment=each, month=month, kwh=2.0, currency="INR", gaps=[gap] * 6) for each in assigned
    )
    AlertPenalty.objects.bulk_create(
        AlertPenalty(
            alert=alert, month=month, until=until, alert_version=alert.version, excess_kvar=50.0, left=1900, mended=310,
            currency="INR",
        )
        for alert in Alert.objects.unresolved()
    )  # fmt: skip
