"""Days and months that are accounted and billed already, for the pages that show them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from losses.models import DailyRollup, MonthCost
from losses.querysets import FIELDS
from substations.models import Substation

NEWEST = date(2026, 3, 20)


def days(substation: Substation, first: date, last: date = NEWEST, **values: float) -> None:
    """Days of 24 h that are known, drawing 2,400 kWh each; ``avoidable_loss_kwh`` falls in the hour from 10."""
    known = {"energy_import_kwh": 2400.0, "apparent_kvah": 3000.0, "load_loss_kwh": 40.0, "no_load_loss_kwh": 10.0}
    figures: dict[str, Any] = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 24.0} | known | values
    hours = np.zeros(24, dtype=np.float32)
    hours[10] = figures["avoidable_loss_kwh"]
    DailyRollup.objects.bulk_create(
        DailyRollup(substation=substation, day=first + timedelta(days=n), avoidable_by_hour=hours.tobytes(), **figures)
        for n in range((last - first).days + 1)
    )


def billed(substation: Substation, month: date, avoidable: str, penalty: str, **values: Any) -> MonthCost:
    until = datetime(month.year, month.month, 20, tzinfo=UTC)
    amounts = {"avoidable_amount": Decimal(avoidable), "penalty_amount": Decimal(penalty)}
    plain = {"until": until, "currency": "INR", "released_kva": 50.0, "avoidable_kwh": 1.0, "avoidable_co2_kg": 7.0}
    return MonthCost.objects.create(substation=substation, month=month, **(plain | amounts | values))
