"""How large an installation becomes: one substation, year after year, with the retention that goes with it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from smart_ems import tasks
from smart_ems.retention import row_pruning
from smart_ems.retention.retention_kinds import kinds
from smart_ems.scratch import scratch_database

from .repeated_readings import BEGIN
from .simulated_clock import SimulatedClock
from .stored_sizes import StoredSizes
from .substation_life import MONTH_DAYS, YEAR_DAYS, LifePace, SubstationLife

MB = 1_000_000
PROMISED_FOR_EVER_MB = {"sqlite": 4.0, "postgresql": 6.0}
"""A year, with the suggested retention; as docs/operations.md promises it, measured and rounded up."""
PROMISED_BYTES = {"substations_reading": 260, "mlcore_score": 170, "losses_hourlyrollup": 220}
"""SQLite: a row, with its part of the indexes and of pages that are not full; measured and rounded up."""
KEPT_FOR_EVER = frozenset(
    {
        "alerts_alert",
        "alerts_alertdetection",
        "alerts_alertevent",
        "alerts_alertrepair",
        "alerts_resolution",
        "alerts_alarmday",
        "ingestion_upload",
        "ingestion_rowproblem",
        "losses_dailyrollup",
        "losses_hourlyrollup",
        "losses_lineday",
        "losses_monthcost",
        "losses_monthoutlook",
        "mlcore_detection",
        "mlcore_detector",
        "mlcore_detectorevent",
        "notifications_routedevent",
        "reports_report",
    }
)
"""Tables whose rows no retention takes away."""
GROWING_BYTES = 1_000
"""Chosen: a table that grows by less in a year is left out of what is printed."""


def bench_years(years: int, server: str = "", *, keep_all: bool = False) -> dict[str, Any]:
    """Sizes at the end of each year, on a database and data folder of their own; server: as of ``bench_pages``."""
    began, load_average = time.perf_counter(), os.getloadavg()[0]
    with scratch_database(journal="WAL", server=server, migrated=True) as folder, _quietly():
        found = live_through(years, folder, LifePace(), keep_all=keep_all)
        return {
            "load_average": load_average,
            "database": connection.vendor,
            "year_days": YEAR_DAYS,
            "kept_days": {} if keep_all else suggested_days(),
            "took_s": time.perf_counter() - began,
            "years": [asdict(each) for each in found],
        }


def suggested_days() -> dict[str, float]:
    """By setting: how long is kept in this, which is what the page of the retention reckons with."""
    return {kind.setting: kind.suggested_days for kind in kinds()}


def live_through(years: int, folder: Path, pace: LifePace, *, keep_all: bool = False) -> list[StoredSizes]:
    """What is there at the end of each year, in the database of this process and a data folder.

    keep_all: no setting is made, so that only what goes by itself goes.
    """
    clock = SimulatedClock(BEGIN)
    with clock.running(), _own_settings(folder, {} if keep_all else suggested_days()):
        life = SubstationLife(folder, clock, pace)
        return [_year(life, folder) for _number in range(years)]


def _year(life: SubstationLife, folder: Path) -> StoredSizes:
    end = life.day + YEAR_DAYS
    while life.day < end:
        month = life.day // MONTH_DAYS
        life.go_on()
        tasks.prune()
        if life.day // MONTH_DAYS > month:
            _let_autovacuum_pass()
    return StoredSizes.measured(folder)


def _let_autovacuum_pass() -> None:
    """A month goes by in seconds: what PostgreSQL does by itself every minute has to be asked for."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


@contextmanager
def _own_settings(folder: Path, kept_days: dict[str, float]) -> Iterator[None]:
    """Logs and messages in this folder: no simulated clock prunes those of the installation."""
    changed = {"NOTIFY_FILES": folder / "notifications", **kept_days}
    before, logs_before = {name: getattr(settings, name) for name in changed}, row_pruning.LOG_FOLDER
    for name, value in changed.items():
        setattr(settings, name, value)
    row_pruning.LOG_FOLDER = folder / "log"
    try:
        yield
    finally:
        row_pruning.LOG_FOLDER = logs_before
        for name, value in before.items():
            setattr(settings, name, value)


@contextmanager
def _quietly() -> Iterator[None]:
    """Years of pieces would print thousands of lines."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def table(found: dict[str, Any]) -> str:
    """A year a line; then the tables, the largest first."""
    years = found["years"]
    folders = list(years[0]["folders"])
    kept = ", ".join(f"EMS_{name}={days:g}" for name, days in found["kept_days"].items()) or "everything kept"
    lines = [
        f"{found['database']}, one substation, a year of {found['year_days']} days; {kept}; "
        f"{found['took_s']:.0f} s, load {found['load_average']:.1f}",
        f"{'year':>4} {'MB':>8} {'of it free':>10}" + "".join(f" {name:>13}" for name in folders),
    ]
    for number, each in enumerate(years, 1):
        folder_texts = "".join(f" {each['folders'][name] / MB:13.2f}" for name in folders)
        lines.append(f"{number:4} {each['database'] / MB:8.1f} {each['free'] / MB:10.1f}{folder_texts}")
    return "\n".join([*lines, "", *_table_lines(years)])


def _table_lines(years: list[dict[str, Any]]) -> Iterator[str]:
    """Rows at the end of each year and what the last year added."""
    last, before = years[-1], years[-2] if len(years) > 1 else years[-1]
    yield f"{'MB':>8} {'kB in the last year':>19}  rows at the end of each year"
    for name in sorted(last["rows"], key=lambda name: -last["tables"].get(name, last["rows"][name])):
        size = last["tables"].get(name, 0)
        grown = size - before["tables"].get(name, 0)
        if last["rows"][name] != years[0]["rows"][name] or grown > GROWING_BYTES:
            rows = " ".join(f"{each['rows'][name]:,}" for each in years)
            yield f"{size / MB:8.2f} {grown / 1000:19.1f}  {name}: {rows}"
