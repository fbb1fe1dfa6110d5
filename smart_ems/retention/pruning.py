"""One run of the retention: each kind under its lease, for a bounded time, so that the next run goes on."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from core.leases import kept

from .models import PruningState
from .retention_kinds import RetentionKind, kinds

logger = logging.getLogger(__name__)
LEASE_FOR = timedelta(seconds=90)
"""As for other work: what a killed worker held is free again after this."""
RUN_FOR_S = 300.0
"""Chosen: an hourly run is short work, and other tasks of the queue come between."""
MEASURE_AFTER = timedelta(hours=20)
"""Chosen: counting tens of millions of rows takes seconds; once a day is often enough for the page."""


def prune_all(*, now: datetime, only: str = "", run_for_s: float = RUN_FOR_S) -> dict[str, int]:
    """Delete what is too old, of every kind that has a limit or of one: by kind, how many rows or files went."""
    deadline = time.monotonic() + run_for_s
    freed: dict[str, int] = {}
    for kind in kinds():
        if only in ("", kind.name) and (found := _prune(kind, now, lambda: time.monotonic() > deadline)) is not None:
            freed[kind.name] = found
    return freed


def _prune(kind: RetentionKind, now: datetime, is_over: Callable[[], bool]) -> int | None:
    """None where it is kept for ever, or another worker is at it."""
    before = kind.cutoff(now)
    token = _claim(kind, now) if before else None
    if before is None or token is None:
        return None
    rows = PruningState.objects.filter(kind=kind.name)
    freed, waits = 0, ""
    try:
        with kept(PruningState.objects.all(), token, lease_for=LEASE_FOR):
            for piece in kind.prune(before):
                freed += piece.freed
                waits = waits or piece.waits_for
                if is_over():
                    break
    finally:
        rows.release(token, pruned_at=now, freed=freed, waits_for=waits[:200])
    if freed:
        logger.info("Retention: %s of %s are gone.", freed, kind.name)
    return freed


def _claim(kind: RetentionKind, now: datetime) -> uuid.UUID | None:
    PruningState.objects.bulk_create([PruningState(kind=kind.name)], ignore_conflicts=True)
    return PruningState.objects.filter(kind=kind.name).claim(now=timezone.now(), lease_for=LEASE_FOR)


def measure_all(*, now: datetime, always: bool = False) -> None:
    """Count what there is of each kind, for the page; once a day is enough."""
    known = dict(PruningState.objects.values_list("kind", "measured_at"))
    for kind in kinds():
        at = known.get(kind.name)
        if not always and at is not None and now - at < MEASURE_AFTER:
            continue
        found = kind.measured(now)
        PruningState.objects.update_or_create(
            kind=kind.name,
            defaults={
                "rows": found.rows,
                "oldest_at": found.oldest_at,
                "size_bytes": found.size_bytes,
                "would_free": found.would_free,
                "measured_at": now,
            },
        )


def give_space_back() -> None:
    """Make SQLite's file smaller by what is free in it; PostgreSQL uses free space again by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
