"""Where a month ends at this rate: power factor, penalty, and what has to be held for the rest of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from losses.tariffs.bill_lines import POWER_FACTOR_KINDS, Bill, Document, SupplyContract
from losses.tariffs.metered_hours import IntArray, MeteredHours, month_hours_s
from losses.tariffs.power_factor_clauses import clause_percent
from losses.tariffs.reactive_change import at_target, net_kvarh, with_net_kvarh
from losses.tariffs.tariff_bill import bill
from losses.tariffs.time_of_use import day_type_of

QUANTILES = {"low": 0.1, "middle": 0.5, "high": 0.9}
"""Chosen: eight of ten days lie between; every day left is taken as such a day of its type, so the range is wide."""

COMPLETE_DAY_H = 21.6
"""Chosen: a day counts as an example where nine tenths of it are known."""


@dataclass(frozen=True)
class MonthForecast:
    """now: the bill of what is known. low, middle, high: of the whole month if all days left are like a day at the
    10th, 50th and 90th percentile of kvarh per kWh among past days of their type. hold_power_factor: what the rest of
    the month has to average so that it ends at target_power_factor; None where that cannot be reached any more.
    penalties: of the four bills, by ``penalty``.
    """

    now: Bill
    low: Bill
    middle: Bill
    high: Bill
    days_left: float
    target_power_factor: float
    hold_power_factor: float | None
    penalties: Mapping[str, Decimal]


def forecast(
    document: Document,
    past: MeteredHours,
    month: date,
    contract: SupplyContract | None = None,
    *,
    target_power_factor: float = 0.95,
) -> MonthForecast | None:
    """From the hours that are known, of this month and of the weeks before it; None without a whole day among them."""
    known = past.in_month(month)
    ahead_s = _ahead(known, month)
    days = _days(document, past)
    if not days:
        return None
    target = clause_target(document) or target_power_factor
    ends = {name: completed(document, past, month, share) for name, share in QUANTILES.items()}
    months = {"now": known, **ends}
    bills = {name: bill(document, each, month, contract) for name, each in months.items()}
    middle = ends["middle"]
    return MonthForecast(
        **bills,
        days_left=len(ahead_s) / 24,
        target_power_factor=target,
        hold_power_factor=hold_power_factor(known, middle.where(np.isin(middle.at_s, ahead_s)), target),
        penalties={name: penalty(document, each, bills[name], target, contract) for name, each in months.items()},
    )


def penalty(
    document: Document, hours: MeteredHours, found: Bill, target: float, contract: SupplyContract | None = None
) -> Decimal:
    """Penalties less incentives of a bill of these hours.

    By the clauses on power factor. A tariff without one charges it in kVAh or kVA: there, the bill less that of the
    same hours with kvarh no further than the target.
    """
    if any(charge["kind"] in POWER_FACTOR_KINDS for charge in document["charges"]):
        return found.power_factor_amount
    return found.total - bill(document, at_target(hours, target), found.month, contract).total


def completed(document: Document, past: MeteredHours, month: date, quantile: float) -> MeteredHours:
    """The month's known hours, and for each hour after them that of a past day of the same day type.

    Without a past day of its type, of any. Hours that are missing before the newest one stay missing.
    """
    known = past.in_month(month)
    ahead_s, days = _ahead(known, month), _days(document, past)
    if not len(ahead_s) or not days:
        return known
    rows = [_like(second, past, document, days, quantile) for second in ahead_s.tolist()]
    chosen = replace(past.where(np.asarray(rows)), at_s=ahead_s)
    return _joined(known, chosen)


def clause_target(document: Document) -> float | None:
    """The lowest power factor that costs no penalty by the document's clauses; None where it has none."""
    found: list[float] = []
    for charge in document["charges"]:
        if charge["kind"] == "power_factor":
            free = (n for n in range(50, 101) if clause_percent(charge["rule"], Decimal(n) / 100) <= 0)
            found.append(next(free, 100) / 100)
        if charge["kind"] == "reactive_energy" and charge["direction"] != "capacitive":
            found.append(math.cos(math.atan(charge["share"])))
        if charge["kind"] == "reference_power_factor":
            found.append(charge["reference"])
    return max(found, default=None)


def hold_power_factor(known: MeteredHours, ahead: MeteredHours, target: float) -> float | None:
    """The power factor of the hours ahead with which all end at the target, lagging; None where none is low enough."""
    active, reactive = (float(np.sum(each)) for each in (known.energy_import_kwh, net_kvarh(known)))
    rest = float(np.sum(ahead.energy_import_kwh))
    allowed = (active + rest) * math.tan(math.acos(target)) - reactive
    if rest <= 0 or allowed < 0:
        return None
    return math.cos(math.atan(allowed / rest))


@dataclass(frozen=True)
class EpisodeCost:
    """What an episode adds to the month's bill: if it is left, and if it is mended now. excess_kvar: its mean."""

    left: Decimal
    mended: Decimal
    excess_kvar: float
    currency: str
    decimals: int


def episode_cost(
    document: Document,
    past: MeteredHours,
    month: date,
    contract: SupplyContract | None = None,
    *,
    start_s: int,
    end_s: int | None,
    excess_kvar: float,
) -> EpisodeCost | None:
    """The month's bill with and without the episode's excess reactive power, from start to end (None: it lasts).

    The hours ahead are like the median past day. Three months are billed: without the episode; with it in its hours so
    far; and with it for the rest of the month. Differences of bills include every clause, demand and tax.
    """
    if not len(past):
        return None
    newest_s = int(past.at_s[-1])
    last_s = newest_s if end_s is None else min(end_s, newest_s)
    # Past days that the hours ahead are copied from may lie in the episode: it is taken out of them first.
    healthy = _with_excess(past, -excess_kvar, start_s, last_s)
    without = completed(document, healthy, month, 0.5)
    if not len(without):
        return None
    mended = _with_excess(without, excess_kvar, start_s, last_s)
    left = _with_excess(mended, excess_kvar if end_s is None else 0.0, newest_s + 1, None)
    totals = [bill(document, each, month, contract) for each in (without, mended, left)]
    none, now, end = (each.total for each in totals)
    return EpisodeCost(end - none, now - none, excess_kvar, totals[0].currency, totals[0].decimals)


def _with_excess(hours: MeteredHours, kvar: float, start_s: int, last_s: int | None) -> MeteredHours:
    """So many kvar more in the hours from start to the last one, both included."""
    during = (hours.at_s >= start_s) & (hours.at_s <= (hours.at_s if last_s is None else last_s))
    return with_net_kvarh(hours, net_kvarh(hours) + kvar * hours.covered_h * during)


def _ahead(known: MeteredHours, month: date) -> IntArray:
    every = month_hours_s(month, known.zone)
    return every[every > known.at_s[-1]] if len(known) else every


Day = tuple[float, Mapping[int, int]]
"""kvarh per kWh of a day, and the row of each of its local hours."""


def _days(document: Document, past: MeteredHours) -> dict[int, list[Day]]:
    """Whole past days by day type, in the order of their kvarh per kWh."""
    rows: dict[date, dict[int, int]] = {}
    for row, second in enumerate(past.at_s.tolist()):
        local = datetime.fromtimestamp(second, past.zone)
        rows.setdefault(local.date(), {})[local.hour] = row
    found: dict[int, list[Day]] = {}
    reactive = np.abs(net_kvarh(past))
    for day, hours in rows.items():
        chosen = list(hours.values())
        active = float(np.sum(past.energy_import_kwh[chosen]))
        if np.sum(past.covered_h[chosen]) >= COMPLETE_DAY_H:
            ratio = float(np.sum(reactive[chosen])) / active if active > 0 else 0.0
            found.setdefault(day_type_of(document, day), []).append((ratio, hours))
    return {kind: sorted(days, key=lambda each: each[0]) for kind, days in found.items()}


def _like(
    second: int, past: MeteredHours, document: Document, days: Mapping[int, Sequence[Day]], quantile: float
) -> int:
    local = datetime.fromtimestamp(second, past.zone)
    kind = day_type_of(document, local.date())
    same = days.get(kind) or [day for each in days.values() for day in each]
    _, hours = same[round(quantile * (len(same) - 1))]
    # Where the clock was put forward, a day has no such hour: the one before it.
    return next(hours[hour] for hour in (local.hour, local.hour - 1, *hours) if hour in hours)


def _joined(first: MeteredHours, second: MeteredHours) -> MeteredHours:
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in first.__dataclass_fields__
        if isinstance(getattr(first, name), np.ndarray)
    }
    return replace(first, **arrays)
