"""Energy and demand charges agree with NREL's utilityrate5 (PySAM) on a year of hours, month by month, to the cent."""

from __future__ import annotations

import importlib.util
import os
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from losses.tariffs.metered_hours import MeteredHours
from losses.tariffs.tariff_bill import bill
from losses.tariffs.tariff_document import checked_document

UTC = ZoneInfo("UTC")
# That program's year: 365 days, the first a Monday.
YEAR = 2018
HOURS_S = int(np.datetime64(f"{YEAR}-01-01", "s").astype(np.int64)) + 3600 * np.arange(8760)
SUMMER = range(6, 10)
PRICES = {"winter off-peak": 0.0712, "winter peak": 0.1034, "summer off-peak": 0.0815, "summer peak": 0.1897}
PEAK_DEMAND, FLAT_DEMAND, FIXED = 7.35, 11.2, 83.5
DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "name": "Two seasons, peak from 12 to 20 h on working days",
    "currency": "USD",
    "status": "example",
    "sources": [{"title": "made for this test", "date": "2026-01-01"}],
    "valid_from": "2018-01-01",
    "seasons": [
        {"name": "winter", "from": "10-01", "to": "05-31"},
        {"name": "summer", "from": "06-01", "to": "09-30"},
    ],
    "day_types": [{"name": "working", "weekdays": [1, 2, 3, 4, 5]}, {"name": "weekend", "weekdays": [6, 7]}],
    "periods": [
        {
            "name": f"{season} peak",
            "when": [{"seasons": [season], "day_types": ["working"], "from": "12:00", "to": "20:00"}],
        }
        for season in ("winter", "summer")
    ]
    + [
        {
            "name": "winter off-peak",
            "when": [
                {"seasons": ["winter"], "day_types": ["working"], "from": "20:00", "to": "12:00"},
                {"seasons": ["winter"], "day_types": ["weekend"]},
            ],
        },
        {"name": "summer off-peak", "otherwise": True},
    ],
    "charges": [
        {"kind": "energy", "id": "energy", "title": "Energy", "unit": "kWh", "prices": PRICES},
        {
            "kind": "demand",
            "id": "peak",
            "title": "Peak demand",
            "unit": "kW",
            "window_min": 60,
            "price": PEAK_DEMAND,
            "periods": ["winter peak", "summer peak"],
        },
        {"kind": "demand", "id": "flat", "title": "Demand", "unit": "kW", "window_min": 60, "price": FLAT_DEMAND},
        {"kind": "fixed", "id": "fixed", "title": "Customer", "per": "month", "price": FIXED},
    ],
}


def schedule(*, weekend: bool) -> list[list[int]]:
    """[month][hour] → 1 to 4: winter and summer, off-peak and peak."""
    rows = []
    for month in range(1, 13):
        base = 3 if month in SUMMER else 1
        rows.append([base + (not weekend and 12 <= hour < 20) for hour in range(24)])
    return rows


def theirs(load_kw: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, list[float]]:
    """[month] of each charge, by utilityrate5."""
    from PySAM import Utilityrate5

    model = Utilityrate5.new()
    model.Lifetime.assign({"analysis_period": 1, "inflation_rate": 0, "system_use_lifetime_output": 0})
    model.SystemOutput.assign({"gen": [0.0] * 8760, "degradation": [0.0]})
    model.Load.assign({"load": load_kw.tolist(), "load_escalation": [0.0]})
    weekday, weekend = schedule(weekend=False), schedule(weekend=True)
    far = 1e38
    names = ("winter off-peak", "winter peak", "summer off-peak", "summer peak")
    model.ElectricityRates.assign(
        {
            "en_electricity_rates": 1,
            "rate_escalation": [0.0],
            "ur_metering_option": 2,
            "ur_nm_yearend_sell_rate": 0,
            "ur_monthly_fixed_charge": FIXED,
            "ur_monthly_min_charge": 0,
            "ur_annual_min_charge": 0,
            "ur_sell_eq_buy": 0,
            "ur_en_ts_sell_rate": 0,
            "ur_en_ts_buy_rate": 0,
            "ur_ts_sell_rate": [0],
            "ur_ts_buy_rate": [0],
            "ur_ec_sched_weekday": weekday,
            "ur_ec_sched_weekend": weekend,
            "ur_ec_tou_mat": [[n, 1, far, 0, PRICES[name], 0] for n, name in enumerate(names, 1)],
            "ur_dc_enable": 1,
            "ur_dc_sched_weekday": weekday,
            "ur_dc_sched_weekend": weekend,
            "ur_dc_tou_mat": [[n, 1, far, PEAK_DEMAND if n % 2 == 0 else 0.0] for n in range(1, 5)],
            "ur_dc_flat_mat": [[month, 1, far, FLAT_DEMAND] for month in range(12)],
            "TOU_demand_single_peak": 0,
        }
    )
    model.execute()
    out = model.Outputs
    return {
        "energy": list(out.year1_monthly_ec_charge_without_system),
        "peak": list(out.year1_monthly_dc_tou_without_system),
        "flat": list(out.year1_monthly_dc_fixed_without_system),
        "fixed": list(out.year1_monthly_fixed_without_system),
    }


def ours(load_kw: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, list[Decimal]]:
    hours = MeteredHours.of_columns(UTC, HOURS_S, {"energy_import_kwh": load_kw, "apparent_kvah": load_kw})
    bills = [bill(checked_document(DOCUMENT), hours, date(YEAR, month, 1)) for month in range(1, 13)]
    return {charge: [each.amount(charge) for each in bills] for charge in ("energy", "peak", "flat", "fixed")}


def require_pysam() -> None:
    if importlib.util.find_spec("PySAM") is None:
        if "pysam" in os.environ.get("EMS_TEST_REQUIRE", "").split(","):
            pytest.fail("PySAM is required by EMS_TEST_REQUIRE but missing: install requirements-dev.txt")
        pytest.skip("PySAM is not installed (requirements-dev.txt)")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_year_agrees_with_utilityrate5_to_the_cent(seed: int) -> None:
    require_pysam()
    noise = np.random.default_rng(seed)
    day = 300 + 150 * np.sin(2 * np.pi * (np.arange(8760) % 24 - 8) / 24)
    load_kw = np.round(np.maximum(day * noise.uniform(0.7, 1.3, 8760), 0.0), 3).astype(np.float64)
    here, there = ours(load_kw), theirs(load_kw)
    for charge, months in here.items():
        difference = [abs(float(mine) - other) for mine, other in zip(months, there[charge], strict=True)]
        # Each period's line is rounded to the cent; two periods of energy are billed in a month.
        assert max(difference) <= 0.01, (charge, difference)
    assert sum(there["energy"]) > 100_000
