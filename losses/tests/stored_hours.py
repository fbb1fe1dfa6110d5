"""Hours as they are stored, of a load that is known exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from losses.billing_models import TariffAssignment
from losses.models import HourlyRollup
from losses.querysets import FIELDS
from losses.tariff_store import store_version
from losses.tariffs.metered_hours import FloatArray
from substations.models import Substation

from .tariff_documents import power_factor_clause, slabs, tariff

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PENALTY = power_factor_clause(slabs("proportional", (0.95, 0.01, 1.0)))


def store_hours(
    substation: Substation, active_kw: FloatArray, reactive_kvar: FloatArray, *, start: datetime = START
) -> None:
    """One row an hour from ``start`` on, with the losses of a transformer of 1000 kVA (1.4 and 10.5 kW)."""
    apparent = np.hypot(active_kw, reactive_kvar)
    plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0, "feeder_loss_kwh": None}
    HourlyRollup.objects.bulk_create(
        HourlyRollup(
            substation=substation,
            at=start + number * HOUR,
            **plain | _figures(float(active_kw[number]), float(reactive_kvar[number]), float(apparent[number])),
        )
        for number in range(len(active_kw))
    )


def day_and_night(days: int) -> tuple[FloatArray, FloatArray]:
    """300 kW and 300 kvar from 6 to 18, 100 kW and 120 kvar else, and never twice the same."""
    hour = np.arange(24 * days)
    day = (hour % 24 >= 6) & (hour % 24 < 18)
    wobble = 5.0 * np.sin(hour)
    return np.where(day, 300.0, 100.0) + wobble, np.where(day, 300.0, 120.0) + wobble


def billed(substation: Substation, *charges: dict[str, Any]) -> TariffAssignment:
    """From long ago, by energy at 6 a kWh and 1 % for each 0.01 below 0.95."""
    stored = store_version(tariff(*(charges or (PENALTY,)))).tariff
    return TariffAssignment.objects.create(tariff=stored, substation=substation, since=date(2020, 1, 1))


def _figures(active: float, reactive: float, apparent: float) -> dict[str, float]:
    lagging, leading = max(reactive, 0.0), max(-reactive, 0.0)
    draws = active >= 0
    return {
        "energy_import_kwh": max(active, 0.0),
        "energy_export_kwh": max(-active, 0.0),
        "reactive_q1_kvarh": lagging if draws else 0.0,
        "reactive_q2_kvarh": 0.0 if draws else lagging,
        "reactive_q3_kvarh": 0.0 if draws else leading,
        "reactive_q4_kvarh": leading if draws else 0.0,
        "apparent_kvah": apparent,
        "fundamental_kvah": apparent,
        "max_demand_kva": apparent,
        "max_demand_kw": max(active, 0.0),
        "no_load_loss_kwh": 1.4,
        "load_loss_kwh": 10.5 * (apparent / 1000.0) ** 2,
    }
