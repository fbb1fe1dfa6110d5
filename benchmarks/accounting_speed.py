"""How fast hours of energy and loss are accounted, beside reading the same rows and nothing else."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.large_grid import fill_readings
from losses.models import HourlyRollup, LineDay
from losses.stale_hours import account_pending
from smart_ems.scratch import scratch_database
from substations.channels import CHANNEL_NAMES
from substations.models import Reading, StaleRange


def bench_losses(substations: int, days: int) -> dict[str, Any]:
    """Seconds and ratios for a grid at 15 minutes, on a database of its own; at last one corrected reading."""
    with scratch_database(journal="WAL"):
        grid = fill_readings(substations, days)
        readings = Reading.objects.count()
        read_s = _timed(lambda: Reading.objects.all().as_arrays(CHANNEL_NAMES))
        first, last = _record()
        StaleRange.objects.all().delete()
        StaleRange.objects.bulk_create(StaleRange(substation=each, start=first, end=last) for each in grid)
        account_s = _timed(_account)
        hours = HourlyRollup.objects.count()
        StaleRange.objects.create(substation=grid[0], start=last, end=last)
        corrected_s = _timed(_account)
        return {
            "substations": len(grid),
            "days": days,
            "readings": readings,
            "hours": hours,
            "line_days": LineDay.objects.count(),
            "read_s": read_s,
            "account_s": account_s,
            "account_by_read": account_s / read_s,
            "readings_per_s": readings / account_s,
            "one_corrected_reading_s": corrected_s,
        }


def _account() -> None:
    account_pending(judged_only=False)


def _record() -> tuple[Any, Any]:
    ordered = Reading.objects.order_by("at").values_list("at", flat=True)
    return ordered[0], ordered.reverse()[0]


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
