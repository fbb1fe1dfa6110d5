"""Working out where the month ends: once for each metering point and day that closes."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max
from django.db.models.functions import TruncMonth

from losses.billing_models import TariffVersion
from losses.models import DailyRollup, HourlyRollup
from losses.month_costs import store_month_costs
from losses.outlook_models import MonthOutlook
from losses.tariff_store import MeteringPoint, metering_points
from losses.tariffs.bill_lines import Amount, BillLine
from losses.tariffs.metered_hours import month_bounds_s
from losses.tariffs.month_forecast import MonthForecast, forecast
from losses.tariffs.tariff_bill import WrongMonth

logger = logging.getLogger(__name__)
EXAMPLES_FOR = timedelta(weeks=8)
"""Chosen: so far back past days are taken as examples: eight of each weekday, of about the same season."""


def refresh_outlooks() -> int:
    """Work out the months of which a day has closed or hours have changed since the last time; how many were stored.

    Months that are over are kept, too, with all their days known: what a page shows of them is stored.
    """
    stored = {(each.assignment_id, each.month): each for each in MonthOutlook.objects.filter(is_stale=False)}
    changed_at = dict(TariffVersion.objects.values_list("tariff").annotate(Max("changed_at")))
    total = 0
    for month, last_days in _last_days().items():
        for point in metering_points(max(last_days.values())):
            last = max((last_days[each.pk] for each in point.substations if each.pk in last_days), default=None)
            before = stored.get((point.assignment.pk, month))
            if last and not (before and _is_current(point, before, last, changed_at)):
                total += _refresh_alone(point, month)
    return total


def _is_current(point: MeteringPoint, before: MonthOutlook, last: date, changed_at: dict[int, datetime]) -> bool:
    """Whether a month was worked out up to its last known day already, by the tariff as it is now."""
    if before.computed_at < changed_at.get(point.assignment.tariff_id, before.computed_at):
        return False
    return before.until.astimezone(point.zone).date() == last


def _last_days() -> dict[date, dict[int, date]]:
    """Of each month and substation (primary key), the last day of which anything is known."""
    found: dict[date, dict[int, date]] = defaultdict(dict)
    months = DailyRollup.objects.annotate(month=TruncMonth("day")).values("substation_id", "month")
    for pk, month, last in months.annotate(last=Max("day")).values_list("substation_id", "month", "last"):
        found[month][pk] = last
    return found


def _refresh_alone(point: MeteringPoint, month: date) -> bool:
    """What fails for one point is logged and stops no other."""
    try:
        return _refresh(point, month)
    except Exception:
        logger.exception("No outlook of %s", point.assignment)
        return False


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
        found = forecast(document, past, month, point.contract_in(month), target_power_factor=target)
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
        **{f"amount_{name}": amount for name, amount in found.penalties.items()},
        "total_middle": found.middle.total,
        "known_h": found.now.known_h,
        "month_h": found.now.month_h,
        "currency": found.now.currency,
        "decimals": found.now.decimals,
        "target_power_factor": found.target_power_factor,
        "hold_power_factor": found.hold_power_factor,
        "days_left": found.days_left,
        "bill_lines": [_plain(line) for line in found.now.lines],
    }


def _plain(line: BillLine) -> dict[str, Any]:
    """A line as it is stored: amounts and inputs as text, so that no digit of a decimal is lost."""
    return {
        "id": line.id,
        "kind": line.kind,
        "title": line.title,
        "period": line.period,
        "clause": line.clause,
        "formula": line.formula,
        "inputs": {name: str(value) for name, value in line.inputs.items()},
        "amount": str(line.amount),
        "is_estimate": line.is_estimate,
        "remarks": [{"code": each.code, "figures": _texts(each.figures)} for each in line.remarks],
    }


def _texts(figures: Mapping[str, Amount]) -> dict[str, str]:
    return {name: str(value) for name, value in figures.items()}
