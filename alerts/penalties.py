"""Working out what open alerts add to the bill: after a change, and when a day has closed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Avg, QuerySet
from django.utils import timezone

from losses.outlooks import EXAMPLES_FOR, newest_hour
from losses.tariff_store import MeteringPoint, metering_points
from losses.tariffs.month_forecast import episode_cost
from losses.tariffs.tariff_bill import WrongMonth
from mlcore.models import Score
from substations.models import Reading

from .models import Alert, AlertPenalty, Kind

logger = logging.getLogger(__name__)


def refresh_penalties() -> int:
    """Work out each open alert that has changed, or whose point has closed a day; how many were stored."""
    points = metering_points(timezone.localdate())
    newest: dict[int, datetime | None] = {}
    total = 0
    for alert in _open().select_related("substation", "penalty"):
        if point := _point(alert, points):
            key = point.assignment.pk
            if key not in newest:
                newest[key] = newest_hour(point)
            until = newest[key]
            if until and not _is_current(alert, until):
                total += _refresh_alone(alert, point, until)
    return total


def _refresh_alone(alert: Alert, point: MeteringPoint, newest: datetime) -> bool:
    """What fails for one alert is logged and stops no other."""
    try:
        return _refresh(alert, point, newest)
    except Exception:
        logger.exception("No penalty of alert %s", alert.pk)
        return False


def _open() -> QuerySet[Alert]:
    return Alert.objects.unresolved().exclude(kind=Kind.METER)


def _point(alert: Alert, points: list[MeteringPoint]) -> MeteringPoint | None:
    """The point that bills the alert's substation: its own before that of its site."""
    found = [point for point in points if alert.substation in point.substations]
    return next((point for point in found if point.assignment.substation_id), next(iter(found), None))


def _is_current(alert: Alert, newest: datetime) -> bool:
    last: AlertPenalty | None = getattr(alert, "penalty", None)
    if last is None or last.alert_version != alert.version:
        return False
    return last.until.astimezone(newest.tzinfo).date() == newest.date()


def _refresh(alert: Alert, point: MeteringPoint, newest: datetime) -> bool:
    month = newest.date().replace(day=1)
    document, excess = point.document_on(month), excess_kvar(alert)
    if document is None or excess is None:
        return False
    past = point.hours(newest - EXAMPLES_FOR, newest + timedelta(hours=1))
    contract = point.contract_in(month)
    end_s = int(alert.cleared_at.timestamp()) if alert.cleared_at else None
    # An hour counts as the episode's where it begins in it.
    start_s = int(alert.raised_at.timestamp())
    try:
        cost = episode_cost(document, past, month, contract, start_s=start_s, end_s=end_s, excess_kvar=excess)
    except WrongMonth as error:
        logger.info("No penalty of alert %s: %s", alert.pk, error)
        return False
    if cost is None:
        return False
    AlertPenalty.objects.update_or_create(
        alert=alert,
        defaults={
            "month": month,
            "until": newest,
            "alert_version": alert.version,
            "excess_kvar": cost.excess_kvar,
            "left": cost.left,
            "mended": cost.mended,
            "currency": cost.currency,
            "decimals": cost.decimals,
        },
    )
    return True


def excess_kvar(alert: Alert) -> float | None:
    """Mean reactive power of the episode above what was expected of it, leading below 0; None where nothing was."""
    bounds = {"substation": alert.substation_id, "at__gte": alert.raised_at}
    if alert.cleared_at:
        bounds["at__lte"] = alert.cleared_at
    expected = Score.objects.filter(**bounds, expected_reactive_power_kvar__isnull=False)
    wanted = expected.aggregate(mean=Avg("expected_reactive_power_kvar"))["mean"]
    if wanted is None:
        return None
    readings = Reading.objects.filter(**bounds, at__in=expected.values("at"))
    measured = readings.aggregate(mean=Avg("reactive_power_kvar"))["mean"]
    return None if measured is None else float(measured - wanted)
