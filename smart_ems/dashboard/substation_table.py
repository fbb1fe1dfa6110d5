"""The table of substations: in which order, and how the power factor of each went in the last day."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, Value
from django.db.models.functions import NullIf

from substations.models import Reading, Substation

from .extra_losses import ExtraLoss, extra_losses
from .overview import SubstationStatus, statuses

# chosen: two screens of rows; measured: each costs the server a millisecond.
PAGE_SIZE = 50
# One cycle of the load.
RECENT_H = 24
SEVEREST_FIRST = ("critical", "warning", "unknown", "normal")
# Orders that the database knows; the others need the state of every substation that was found.
STORED: dict[str, Any] = {"code": F("code"), "site": NullIf("site", Value("")), "rated": F("rated_kva")}
WORKED_OUT: dict[str, Callable[[SubstationStatus], Any]] = {
    "state": lambda status: SEVEREST_FIRST.index(status.state),
    "power_factor": lambda status: status.power_factor,
    "power": lambda status: status.active_power_kw,
    "loss": lambda status: status.loss_kw,
    "alerts": lambda status: -status.open_alerts,
    "model": lambda status: status.tier,
    "newest": lambda status: status.latest_at,
}


@dataclass(frozen=True, slots=True)
class Order:
    """A column, up or down; ``str`` is how the URL says it (``-loss``: the largest first)."""

    column: str = "code"
    is_down: bool = False

    @classmethod
    def parse(cls, text: str) -> Order:
        """What a URL says; the codes in order where that is no column."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in STORED or column in WORKED_OUT else cls()

    def __str__(self) -> str:
        return f"-{self.column}" if self.is_down else self.column


@dataclass(frozen=True, slots=True)
class SubstationTable:
    """One page: ``statuses`` in order; by substation id the hourly means of the power factor, oldest first, and what
    was lost above normal in the last day."""

    page: Page[Any]
    statuses: list[SubstationStatus]
    recent: dict[int, list[float | None]]
    extra: dict[int, ExtraLoss]
    order: Order


def table(found: QuerySet[Substation], order: Order, page_number: str | None, *, now: datetime) -> SubstationTable:
    """The page of the substations found. The number of queries does not grow with them."""
    if order.column in STORED:
        field = STORED[order.column]
        by = field.desc(nulls_last=True) if order.is_down else field.asc(nulls_last=True)
        page: Page[Any] = Paginator(found.order_by(by, "code"), PAGE_SIZE).get_page(page_number)
        place = {each.pk: number for number, each in enumerate(page.object_list)}
        shown = statuses(Substation.objects.filter(pk__in=place), now=now)
        shown.sort(key=lambda status: place[status.substation.pk])
    else:
        page = Paginator(_sorted(statuses(found, now=now), order), PAGE_SIZE).get_page(page_number)
        shown = list(page.object_list)
    return SubstationTable(page, shown, recent_power_factor(shown), _extra(shown), order)


def _extra(shown: Sequence[SubstationStatus]) -> dict[int, ExtraLoss]:
    until = max((each.latest_at for each in shown if each.latest_at), default=None)
    return extra_losses([each.substation.pk for each in shown], until) if until else {}


def _sorted(every: list[SubstationStatus], order: Order) -> list[SubstationStatus]:
    """In order of the codes where the column says the same; what is not known comes last, up or down."""
    value = WORKED_OUT[order.column]
    known = [each for each in every if value(each) is not None]
    unknown = [each for each in every if value(each) is None]
    return sorted(known, key=value, reverse=order.is_down) + unknown


def recent_power_factor(shown: Sequence[SubstationStatus]) -> dict[int, list[float | None]]:
    """Hourly means of the last day up to the newest reading of those shown, None where there is none."""
    until = max((each.latest_at for each in shown if each.latest_at), default=None)
    if until is None:
        return {}
    since = until - timedelta(hours=RECENT_H)
    ids = [each.substation.pk for each in shown]
    rows = Reading.objects.filter(substation__in=ids, at__gt=since, at__lte=until).as_arrays(("power_factor",))
    known = np.isfinite(rows.values[:, 0])
    place = np.searchsorted(np.array(sorted(ids)), rows.substation_id[known])
    hour = np.minimum((rows.at_s[known] - math.floor(since.timestamp())) // 3600, RECENT_H - 1)
    total, count = np.zeros((len(ids), RECENT_H)), np.zeros((len(ids), RECENT_H))
    np.add.at(total, (place, hour), np.abs(rows.values[known, 0]))
    np.add.at(count, (place, hour), 1)
    return {
        pk: [float(t / c) if c else None for t, c in zip(total[number], count[number], strict=True)]
        for number, pk in enumerate(sorted(ids))
    }
