"""What an episode has cost so far, in energy, and what it costs if it goes on. Pure.

Money is energy times a tariff, and belongs here as soon as there is a tariff: without one, none is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .models import Alert

# chosen: over less than an hour a rate of loss says nothing.
LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Energy:
    """Extra loss of an alert: total with its interval, and per day while it lasts (None for less than an hour)."""

    lasted: timedelta
    loss_kwh: float | None
    low_kwh: float | None
    high_kwh: float | None
    per_day_kwh: float | None


def energy_of(alert: Alert, *, newest: datetime | None) -> Energy:
    """``lasted`` is the time from the raise to the clearing, else to the ``newest`` reading."""
    lasted = max((alert.cleared_at or newest or alert.raised_at) - alert.raised_at, timedelta())
    days = lasted / timedelta(days=1)
    per_day = alert.loss_kwh / days if alert.loss_kwh is not None and lasted >= LEAST else None
    return Energy(lasted, alert.loss_kwh, alert.loss_low_kwh, alert.loss_high_kwh, per_day)
