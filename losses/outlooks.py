"""Working out where the month ends: once for each metering point and day that closes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils import timezone

from losses.billing_models import TariffVersion
from losses.models import HourlyRollup
from losses.month_costs import store_month_costs
from losses.outlook_models import MonthOutlook
from losses.tariff_store import MeteringPoint, metering_points
from losses.tariffs.bill_lines import Amount, BillLine, Document
from losses.tariffs.month_forecast import MonthForecast, forecast
from losses.tariffs.tariff_bill import WrongMonth

logger = logging.getLogger(__name__)
EXAMPLES_FOR = timedelta(weeks=8)
"""Chosen: so far back past days are taken as examples: eight of each weekday, of about the same season."""


def refresh_outlooks() -> int:
    """Work out the points of which a day has closed since the last time; how many were stored."""
    return sum(_refresh_alone(point) for point in metering_points(timezone.localdate()))


def _refresh_alone(point: MeteringPoint) -> bool:
    """What fails for one point is logged and stops no other."""
    try:
        return _refresh(point)
    except Exception:
        logger.exception("No outlook of %s", point.assignment)
        return False


def newest_hour(point: MeteringPoint) -> datetime | None:
    """The start of the newest hour that is known of a point, on its clock."""
    found = HourlyRollup.objects.filter(substation__in=point.substations).aggregate(newest=Max("at"))["newest"]
    return found.astimezone(point.zone) if found else None


def _refresh(point: MeteringPoint) -> bool:
    newest = newest_hour(point)
    if newest is None:
        return False
    month = newest.date().replace(day=1)
    version = point.assignment.tariff.version_on(month)
    if version is None or _is_current(point, newest, version):
        return False
    document: Document = version.document
    past = point.hours(newest - EXAMPLES_FOR, newest + timedelta(hours=1))
    target = max(each.target_power_factor for each in point.substations)
    try:
        found = forecast(document, past, month, point.contract_in(month), target_power_factor=target)
    except WrongMonth as error:
        logger.info("No outlook of %s: %s", point.assignment, error)
        return False
    if found is None:
        return False
    fields = {"until": newest, **_fields(found)}
    store_month_costs(point, document, month, newest)
    MonthOutlook.objects.update_or_create(assignment=point.assignment, month=month, defaults=fields)
    return True


def _is_current(point: MeteringPoint, newest: datetime, version: TariffVersion) -> bool:
    """Whether the day of the newest hour was worked out already, by the tariff as it is now."""
    last = MonthOutlook.objects.filter(assignment=point.assignment, month=newest.date().replace(day=1)).first()
    if last is None or last.computed_at < version.changed_at:
        return False
    return last.until.astimezone(point.zone).date() == newest.date()


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
