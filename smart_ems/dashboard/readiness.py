"""Whether this installation can do its work: every part that it needs, each asked by itself.

A part that cannot be asked has failed; none takes the others along.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from ingestion.upload_quota import MIN_FREE_BYTES
from mlcore.services import scoring_health
from notifications.models import Pulse
from smart_ems.env import VAR_DIR

from .system_health import queue_lengths

logger = logging.getLogger(__name__)
WORKERS_LATE = timedelta(minutes=2)
"""Chosen: the sweep beats every ten seconds; several may be lost."""
CLOCKS_APART = timedelta(minutes=1)
"""Chosen: far more than machines differ by whose clocks are kept by NTP."""


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One part; ``detail`` says in a few words what was found."""

    name: str
    is_ok: bool
    detail: str

    def as_json(self) -> dict[str, Any]:
        return {"status": "ok" if self.is_ok else "failed", "detail": self.detail}


Found = tuple[bool, str]


def readiness(*, now: datetime) -> list[ReadinessCheck]:
    """Database, migrations, broker, workers, disk and scoring."""
    parts: dict[str, Callable[[datetime], Found]] = {
        "database": _database,
        "migrations": _migrations,
        "broker": _broker,
        "workers": _workers,
        "disk": _disk,
        "scoring": _scoring,
    }
    checks: list[ReadinessCheck] = []
    for name, ask in parts.items():
        try:
            checks.append(ReadinessCheck(name, *ask(now)))
        except (DatabaseError, OSError) as error:
            logger.warning("%s cannot be asked: %s", name, error)
            is_database = isinstance(error, DatabaseError)
            detail = "the database cannot be reached or read" if is_database else "it cannot be read"
            checks.append(ReadinessCheck(name, is_ok=False, detail=detail))
    return checks


def _database(now: datetime) -> Found:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True, "it answers"


def _migrations(now: datetime) -> Found:
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return not waiting, f"{waiting} not applied" if waiting else "all applied"


def _broker(now: datetime) -> Found:
    lengths = queue_lengths()
    if lengths is None:
        return False, "it cannot be reached"
    return True, ", ".join(f"{length} waiting in {name}" for name, length in lengths.items())


def _workers(now: datetime) -> Found:
    """The sweep: beat sends it, and a worker of short tasks runs it."""
    last = Pulse.objects.filter(name="sweep").values_list("at", flat=True).first()
    if last is None:
        return False, "they have never run"
    ago_s = round((now - last).total_seconds())
    if last - now > CLOCKS_APART:
        return False, f"last beat {-ago_s} s ahead: the clock went back, or a worker's clock is wrong"
    return now - last <= WORKERS_LATE, f"last beat {max(0, ago_s)} s ago"


def _disk(now: datetime) -> Found:
    free = shutil.disk_usage(VAR_DIR).free
    return free >= MIN_FREE_BYTES, f"{free // 1_000_000:,} MB free"


def _scoring(now: datetime) -> Found:
    found = scoring_health(now)
    return found.state != "lagging", f"{found.state}, {found.waiting} ranges waiting"
