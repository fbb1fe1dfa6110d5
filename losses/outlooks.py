"""Working out where the month ends: once for each metering point and day that closes."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db.models import Max
from django.db.models.functions import TruncMonth

from losses.models import DailyRollup, HourlyRollup
from losses.month_costs import store_month_costs
from losses.outlook_models import MonthOutlook
from losses.tariff_store import MeteringPoint, metering_points
from losses.tariffs.metered_hours import month_bounds_s
from losses.tariffs.month_forecast import MonthForecast, forecast
from losses.tariffs.tariff_bill import WrongMonth

logger = logging.getLogger(__name__)
EXAMPLES_FOR = timedelta(weeks=8)
"""Chosen: so far back past days are taken as examples: eight of each weekday, of about the same season."""


def refresh_outlooks() -> int:
    """Work out the months of which a day has closed or hours have changed since the last time; how many were stored.

    Months that are over are kept, too, with all their days known: what was billed for is shown and never asked again.
    """
    last_days, done = _last_days(), _done()
    return sum(
        _refresh(point, month)
        for point in metering_points()
        for month, last in _months(point, last_days).items()
        if done.get((point.assignment.pk, month)) != last
    )


def _done() -> dict[tuple[int, date], date]:
    """Of each assignment (primary key) and month, the day up to which it stands as it was worked out."""
    rows = MonthOutlook.objects.filter(is_stale=False).select_related("assignment__substation")
    zones = {point.assignment.pk: point.zone for point in metering_points()}
    return {
        (row.assignment_id, row.month): row.until.astimezone(zones[row.assignment_id]).date()
        for row in rows
        if row.assignment_id in zones
    }


def _last_days() -> dict[int, dict[date, date]]:
    """Of each substation (primary key) and month, the last day of which anything is known."""
    found: dict[int, dict[date, date]] = defaultdict(dict)
    months = DailyRollup.objects.annotate(month=TruncMonth("day")).values("substation_id", "month")
    for pk, month, last in months.annotate(last=Max("day")).values_list("substation_id", "month", "last"):
        found[pk][month] = last
    return found


def _months(point: MeteringPoint, last_days: dict[int, dict[date, date]]) -> dict[date, date]:
    """The months that a point was billed for, each with the last day of which something is known."""
    since, until = point.assignment.since.replace(day=1), point.assignment.until or date.max
    found: dict[date, date] = {}
    for each in point.substations:
        for month, last in last_days[each.pk].items():
            if since <= month <= until:
                found[month] = max(last, found.get(month, last))
    return found


def newest_hour(point: MeteringPoint, month: date | None = None) -> datetime | None:
    """The start of the newest hour that is known of a point, or of a month of it, on its clock."""
    hours = HourlyRollup.objects.filter(substation__in=point.substations)
    if month:
        start, end = (datetime.fromtimestamp(each, point.zone) for each in month_bounds_s(month, point.zone))
        hours = hours.filter(at__gte=start, at__lt=end)
    found = hours.aggregate(newest=Max("at"))["newest"]
    return found.astimezone(point.zone) if found else None


def _refresh(point: MeteringPoint, month: date) -> bool:
    document, newest = point.document_on(month), newest_hour(point, month)
    if document is None or newest is None:
        return False
    past = point.hours(newest - EXAMPLES_FOR, newest + timedelta(hours=1))
    target = max(each.target_power_factor for each in point.substations)
    try:
        found = forecast(document, past, month, point.contract, target_power_factor=target)
    except WrongMonth as error:
        logger.info("No outlook of %s: %s", point.assignment, error)
        return False
    if found is None:
        return False
    fields = {"until": newest, "is_stale": False, **_fields(found)}
    store_month_costs(point, document, month, newest)
    MonthOutlook.objects.update_or_create(assignment=point.assignment, month=month, defaults=fields)
    return True


def _fields(found: MonthForecast) -> dict[str, object]:
    bills = {"now": found.now, "low": found.low, "middle": found.middle, "high": found.high}
    factors = {f"power_factor_{name}": each.power_factor for name, each in bills.items()}
    return {
        **{name: None if value is None else float(value) for name, value in factors.items()},
        **{f"amount_{name}": each.power_factor_amount for name, each in bills.items()},
        "total_middle": found.middle.total,
        "known_h": found.now.known_h,
        "month_h": found.now.month_h,
        "currency": found.now.currency,
        "decimals": found.now.decimals,
        "target_power_factor": found.target_power_factor,
        "hold_power_factor": found.hold_power_factor,
        "days_left": found.days_left,
    }
