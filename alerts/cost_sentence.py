"""What an episode costs, as one sentence: since when, how much energy so far, what it adds to the month's bill."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.formatting import figure

if TYPE_CHECKING:
    from .models import Alert

BY_WEEKDAY = timedelta(days=6)
"""A weekday names one day for so long; what is older has its date."""


def cost_sentence(alert: Alert, zone: tzinfo, now: datetime) -> str:
    """For example: Capacitor bank failure since Tuesday 14:10: 412 kWh so far; penalty by month's end ₹ 1,900.00 if
    left, ₹ 310.00 if mended today. What is not known is left out; empty where nothing is."""
    parts = [part for part in (_energy(alert), _penalty(alert)) if part]
    if not parts:
        return ""
    values = {
        "cause": alert.get_cause_display(),
        "since": _moment(alert.raised_at, zone, now),
        "cost": "; ".join(parts),
    }
    return _("%(cause)s since %(since)s: %(cost)s.") % values


def _energy(alert: Alert) -> str:
    if alert.known_loss_kwh is None:
        return ""
    loss = figure(alert.known_loss_kwh, "kWh")
    return loss if alert.cleared_at else _("%(loss)s so far") % {"loss": loss}


def _penalty(alert: Alert) -> str:
    penalty = getattr(alert, "penalty", None)
    if penalty is None:
        return ""
    if max(abs(penalty.left), abs(penalty.mended)) * 10**penalty.decimals < 1:
        return _("no penalty by month's end")
    if alert.cleared_at:
        return _("adds %(amount)s to the month's bill") % {"amount": penalty.left_text}
    values = {"left": penalty.left_text, "mended": penalty.mended_text}
    return _("penalty by month's end %(left)s if left, %(mended)s if mended today") % values


def _moment(at: datetime, zone: tzinfo, now: datetime) -> str:
    local = at.astimezone(zone)
    if timedelta() <= now - at < BY_WEEKDAY:
        return f"{date_format(local, 'l')} {local:%H:%M}"
    return date_format(local, "SHORT_DATETIME_FORMAT")
