"""Proof of repair: once an alert is closed, whether and since when its reactive power is back, day by day."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone

from losses.change_proofs import Proof, prove
from losses.compensation.load_normalised import change_point, expected_values
from losses.hourly_loads import HourlyLoad, hourly_load, newest_hour_of

from .models import Alert, AlertRepair, Kind

logger = logging.getLogger(__name__)
REFERENCE_FOR = timedelta(weeks=8)
"""Chosen: what was usual before it began, of about the same season."""

PROVED_FOR = timedelta(weeks=4)
"""Chosen: after so long the figures hardly move any more, and other things change."""

MIN_EXCESS_KVAR = 1.0
"""Chosen: below it an episode is not one of reactive power, and there is no step back to look for."""

REPAIRED = (Alert.Closure.RESOLVED, Alert.Closure.CLEARED)


def refresh_repairs() -> int:
    """Work out the closed alerts of whose substation a day has closed, for four weeks; how many were stored."""
    newest: dict[int, datetime | None] = {}
    total = 0
    for alert in _closed().select_related("substation", "repair"):
        if alert.substation_id not in newest:
            newest[alert.substation_id] = newest_hour_of(alert.substation)
        until = newest[alert.substation_id]
        if until and not _is_current(alert, until):
            total += _refresh_alone(alert, until)
    return total


def _refresh_alone(alert: Alert, newest: datetime) -> bool:
    """What fails for one alert is logged and stops no other."""
    try:
        return _refresh(alert, newest)
    except Exception:
        logger.exception("No proof of repair of alert %s", alert.pk)
        return False


def _closed() -> QuerySet[Alert]:
    recent = timezone.now() - PROVED_FOR - REFERENCE_FOR
    return Alert.objects.filter(kind=Kind.LOSS, closure__in=REPAIRED, closed_at__gte=recent)


def ended_at(alert: Alert) -> datetime:
    """When the data cleared it, else when somebody closed it."""
    return alert.cleared_at or alert.closed_at or alert.raised_at


def _is_current(alert: Alert, newest: datetime) -> bool:
    last: AlertRepair | None = getattr(alert, "repair", None)
    if last is None or last.alert_version != alert.version:
        return False
    until = last.until.astimezone(newest.tzinfo)
    return until.date() == newest.date() or until >= ended_at(alert) + PROVED_FOR


def _refresh(alert: Alert, newest: datetime) -> bool:
    end = min(newest, ended_at(alert) + PROVED_FOR) + timedelta(hours=1)
    load = hourly_load(alert.substation, alert.raised_at - REFERENCE_FOR, end)
    raised_s = int(alert.raised_at.timestamp())
    if not (load.hours.at_s >= raised_s).any():
        return False
    restored_s = _restored_s(load, raised_s, int(ended_at(alert).timestamp()))
    found = None
    if restored_s is not None:
        at_s = load.hours.at_s
        found = prove(load, (at_s >= raised_s) & (at_s < restored_s), at_s >= restored_s)
    fields = {
        "alert_version": alert.version,
        "until": newest,
        "restored_at": None if restored_s is None else datetime.fromtimestamp(restored_s, UTC),
        **_figures(found),
    }
    AlertRepair.objects.update_or_create(alert=alert, defaults=fields)
    return True


def _restored_s(load: HourlyLoad, raised_s: int, ended_s: int) -> int | None:
    """Start of the first hour with reactive power as usual again; None where the newest hour is not.

    Without anything usual to compare with, or an episode that is not one of reactive power, when the alert ended.
    """
    at_s = load.hours.at_s
    expected = expected_values(load.active_kw, load.reactive_kvar, at_s < raised_s)
    excess = load.reactive_kvar - expected
    episode = excess[(at_s >= raised_s) & (at_s < max(ended_s, raised_s + 1)) & np.isfinite(excess)]
    level = float(episode.mean()) if len(episode) else 0.0
    since = at_s >= raised_s
    if abs(level) < MIN_EXCESS_KVAR:
        later = at_s[at_s >= ended_s]
        return int(later[0]) if len(later) else None
    count = change_point(np.sign(level) * excess[since], abs(level))
    hours = at_s[since]
    return int(hours[count]) if count < len(hours) else None


def _figures(found: Proof | None) -> dict[str, object]:
    names = ("power_factor_before", "power_factor_after", "saved_kvar", "saved_kwh_a_day", "saved_amount_a_day")
    ends = ("saved_kvar_low", "saved_kvar_high", "saved_kwh_a_day_low", "saved_kwh_a_day_high")
    if found is None:
        return dict.fromkeys((*names, *ends)) | {"currency": "", "decimals": 2}
    return found.stored
