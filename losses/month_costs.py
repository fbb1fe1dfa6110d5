"""Storing the three lines of each substation of a metering point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum

from losses.carbon_models import CarbonFactor
from losses.models import HourlyRollup
from losses.month_cost_models import MonthCost
from losses.tariff_store import MeteringPoint
from losses.tariffs.bill_lines import Document, decimals_of
from losses.tariffs.metered_hours import month_bounds_s
from losses.tariffs.three_lines import ThreeLine, three_lines


def store_month_costs(point: MeteringPoint, document: Document, month: date, until: datetime) -> None:
    """The three lines of each substation of a point for a month, of what is known up to ``until``."""
    start = datetime.fromtimestamp(month_bounds_s(month, point.zone)[0], point.zone)
    end = until + timedelta(hours=1)
    meters = point.meters(start, end)
    factors = CarbonFactor.objects.between(point.assignment.grid, month, until.astimezone(point.zone).date())
    for number, substation in enumerate(point.substations):
        hours = HourlyRollup.objects.filter(substation=substation, at__gte=start, at__lt=end)
        avoidable = hours.aggregate(sum=Sum("avoidable_loss_kwh"))["sum"]
        if avoidable is None:
            continue
        lines = three_lines(
            document,
            meters,
            number,
            month,
            point.contract_in(month),
            avoidable_kwh=avoidable,
            target_power_factor=substation.target_power_factor,
            co2_kg_per_kwh=_mean_factor(factors, hours, avoidable, point.zone),
        )
        fields = {"until": until, "currency": document["currency"], "decimals": decimals_of(document)}
        defaults = fields | _columns(*lines)
        MonthCost.objects.update_or_create(substation=substation, month=month, defaults=defaults)


def _mean_factor(
    factors: Sequence[CarbonFactor], hours: QuerySet[HourlyRollup], avoidable_kwh: float, zone: ZoneInfo
) -> float | None:
    """kg CO2 per avoidable kWh: each day's kWh by the factor of that day; None where a day with some has none."""
    if len(factors) == 1 and not avoidable_kwh:
        return float(factors[0].kg_per_kwh)
    weighed, known = 0.0, 0.0
    for factor in factors:
        since = hours.filter(at__gte=datetime.combine(factor.valid_from, time(), zone))
        if factor.valid_to:
            since = since.filter(at__lt=datetime.combine(factor.valid_to + timedelta(days=1), time(), zone))
        part = since.aggregate(sum=Sum("avoidable_loss_kwh"))["sum"] or 0.0
        weighed, known = weighed + part * float(factor.kg_per_kwh), known + part
    # Sums of the same floats in another order.
    is_whole = known > 0 and math.isclose(known, avoidable_kwh, rel_tol=1e-9)
    return weighed / known if is_whole else None


def _columns(avoidable: ThreeLine, penalty: ThreeLine, released: ThreeLine) -> dict[str, Any]:
    return {
        "avoidable_kwh": avoidable.kwh,
        "avoidable_amount": None if avoidable.amount is None else round(avoidable.amount, 4),
        "avoidable_co2_kg": avoidable.co2_kg,
        "penalty_amount": penalty.amount,
        "released_kva": released.kva,
        "lines": [_plain(each) for each in (avoidable, penalty, released)],
    }


def _plain(line: ThreeLine) -> dict[str, Any]:
    values = asdict(line)
    return values | {"amount": None if line.amount is None else str(round(line.amount, 4))}
