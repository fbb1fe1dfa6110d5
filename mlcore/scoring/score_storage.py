"""Writing many scores at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.bulk_insert import insert_rows
from mlcore.models import Score
from substations.partitions import SCORES, ensure_months

COLUMNS = (
    "substation_id", "at", "score", "channel", "status", "network_score", "expected_reactive_power_kvar",
    "expected_power_factor", "power_factor_low", "power_factor_high", "loss_kw", "extra_loss_kw", "avoidable_loss_kw",
)  # fmt: skip


def make_months(start: datetime, end: datetime) -> None:
    """Make the partitions of scores in [start, end]. Who stores them in a transaction calls this before it begins."""
    ensure_months(start, end, table=SCORES)


def replace_scores(
    substation_ids: Sequence[int], start: datetime, end: datetime, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Put ``rows``, ordered as ``COLUMNS``, in the place of the scores in [start, end]; inside a transaction, after
    ``make_months``."""
    Score.objects.filter(substation__in=substation_ids).between(start, end)._raw_delete(using="default")
    insert_rows(Score, COLUMNS, rows)
