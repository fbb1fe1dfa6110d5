"""Writing many scores at once: COPY on PostgreSQL, one prepared INSERT elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from mlcore.models import Score

COLUMNS = (
    "substation_id", "at", "score", "channel", "status", "network_score", "expected_reactive_power_kvar",
    "expected_power_factor", "power_factor_low", "power_factor_high", "loss_kw", "extra_loss_kw", "avoidable_loss_kw",
)  # fmt: skip


def replace_scores(
    substation_ids: Sequence[int], start: datetime, end: datetime, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Put ``rows``, ordered as ``COLUMNS``, in the place of the scores in [start, end]; inside a transaction."""
    Score.objects.filter(substation__in=substation_ids).between(start, end)._raw_delete(using="default")
    if not rows:
        return
    table, names = Score._meta.db_table, ", ".join(f'"{name}"' for name in COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
            return
        # Without Django's own form a time would be stored as text with an offset, which no query compares well.
        adapt = connection.ops.adapt_datetimefield_value
        rows = [(row[0], adapt(row[1]), *row[2:]) for row in rows]
        marks = ", ".join(["%s"] * len(COLUMNS))
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608  # constant names, no input
