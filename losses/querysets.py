"""Questions asked of hourly and daily figures, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Count, Max, Q, Sum

from core.site_rights import SiteQuerySet
from substations.querysets import ROWS_AT_ONCE, EpochSeconds, ReadingArrays

if TYPE_CHECKING:
    from .models import Rollup

RollupModel = TypeVar("RollupModel", bound="Rollup")
SUMMED = (
    "energy_import_kwh", "energy_export_kwh", "reactive_q1_kvarh", "reactive_q2_kvarh", "reactive_q3_kvarh",
    "reactive_q4_kvarh", "apparent_kvah", "fundamental_kvah", "no_load_loss_kwh", "load_loss_kwh", "harmonic_loss_kwh",
    "imbalance_loss_kwh", "loss_low_kwh", "loss_high_kwh", "feeder_loss_kwh", "avoidable_loss_kwh", "excess_loss_kwh",
    "covered_h",
)  # fmt: skip
HIGHEST = ("max_demand_kva", "max_demand_kw")
FIELDS = ("is_assumed", *SUMMED, *HIGHEST)


class RollupQuerySet(SiteQuerySet[RollupModel]):
    def as_arrays(self, names: Sequence[str]) -> ReadingArrays:
        """Hours as columns, ordered by substation and time."""
        rows = self.order_by("substation_id", "at").values_list("substation_id", EpochSeconds("at"), *names)
        return ReadingArrays.from_rows(rows.iterator(ROWS_AT_ONCE), len(names))

    def between(self, first: date, last: date, zone: ZoneInfo) -> Self:
        """Hours of the days ``first`` to ``last`` of a clock."""
        start, end = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
        return self.filter(at__gte=start, at__lt=end)

    def totals(self) -> dict[str, Any]:
        """All rows as one; see ``SUMS`` for what is added up and what is not."""
        return self.aggregate(**SUMS)

    def totals_by(self, *fields: str) -> list[dict[str, Any]]:
        """One dictionary for each value of some fields, in their order."""
        return list(self.values(*fields).annotate(**SUMS).order_by(*fields))


# What counts a field comes before the sum that takes its name.
SUMS: dict[str, Aggregate] = (
    {
        "row_count": Count("is_assumed"),
        "assumed_rows": Count("is_assumed", filter=Q(is_assumed=True)),
        "feeder_known": Count("feeder_loss_kwh"),
        "excess_known": Count("excess_loss_kwh"),
    }
    | {name: Sum(name) for name in SUMMED}
    | {name: Max(name) for name in HIGHEST}
)
"""Sums and the highest demand; a sum leaves out what is not known, and ``…_known`` counts in how many rows it was."""
