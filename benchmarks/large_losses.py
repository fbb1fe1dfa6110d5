"""A year of accounted losses for a large grid, made fast: what the pages of losses are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from core.bulk_insert import insert_rows
from losses.line_days import COLUMNS as LINE_COLUMNS
from losses.line_days import SHAPE
from losses.models import DailyRollup, HourlyRollup, LineDay, MonthCost
from losses.querysets import FIELDS
from losses.report_period import month_of, shifted
from losses.rollup_storage import DAILY_COLUMNS
from losses.rollups import HOURLY_COLUMNS
from substations.models import Link, Substation

DAYS = 365
HOUR = timedelta(hours=1)


def account(grid: Sequence[Substation], now: datetime, *, hours_of: Substation) -> None:
    """Days and billed months of all substations up to now; hours of the one whose pages are measured."""
    random = np.random.default_rng(7)
    # Distinct days for a few, shared by the others: sums cost the same.
    distinct = [random.uniform(1.0, 500.0, (DAYS, len(FIELDS))).round(3).tolist() for _number in range(8)]
    by_hour = random.uniform(0.0, 9.0, 24).astype(np.float32).tobytes()
    first = now.date() - timedelta(days=DAYS - 1)
    insert_rows(DailyRollup, DAILY_COLUMNS, [
        (each.pk, first + timedelta(days=n), False, *distinct[number % 8][n][1:-3], 24.0, *distinct[number % 8][n][-2:],
         by_hour)
        for number, each in enumerate(grid)
        for n in range(DAYS)
    ])  # fmt: skip
    insert_rows(HourlyRollup, HOURLY_COLUMNS, [
        (hours_of.pk, now - n * HOUR, False, *distinct[0][n % DAYS][1:-3], 1.0, *distinct[0][n % DAYS][-2:])
        for n in range(24 * DAYS)
    ])  # fmt: skip
    every_hour = np.ones(SHAPE, np.float32).tobytes()
    insert_rows(LineDay, LINE_COLUMNS, [
        (link, first + timedelta(days=n), float(random.uniform(1.0, 30.0)), 2000.0, 24.0, every_hour)
        for link in Link.objects.values_list("pk", flat=True)
        for n in range(DAYS)
    ])  # fmt: skip
    months = [shifted(month_of(now.date()), -number) for number in range(1, 12)]
    MonthCost.objects.bulk_create(
        MonthCost(
            substation=each, month=month, until=now, avoidable_kwh=100.0, avoidable_amount=700, penalty_amount=900,
            released_kva=40.0, currency="INR", lines=[],
        )
        for each in grid
        for month in months
    )  # fmt: skip
