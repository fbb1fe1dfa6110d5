"""A network with readings of several days, judged and accounted, and everything that has to stay of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from losses.models import DailyRollup, HourlyRollup, LineDay
from losses.stale_hours import account_pending
from losses.tests.stored_grid import MIDNIGHT, quarters, send, substation, supplied
from mlcore.models import Score
from smart_ems.retention.reading_pruning import PruningPiece, prune_rows
from substations.models import PendingRange, Reading

DAY = timedelta(days=1)
BEFORE = MIDNIGHT + 3 * DAY + timedelta(hours=5)
KEPT_FROM = MIDNIGHT + 3 * DAY


def network(days: int = 5, *codes: str, **values: Any) -> None:
    """Substations one behind the other with quarter hours of some days, and nothing left to do."""
    stations = [substation(code, **values) for code in codes or ("A", "B")]
    supplied(*stations)
    for station in stations:
        send(quarters(station.code, 24 * days))
    settle()


def settle() -> None:
    """Account what waits, as if all had been judged, with an extra loss of 1 kW."""
    PendingRange.objects.all().delete()
    scored = set(Score.objects.values_list("substation_id", "at"))
    Score.objects.bulk_create(
        Score(substation_id=pk, at=at, extra_loss_kw=1.0)
        for pk, at in Reading.objects.values_list("substation_id", "at")
        if (pk, at) not in scored
    )
    account_pending()


def figures() -> dict[str, list[dict[str, Any]]]:
    """Every figure of hours, days and lines."""
    orders = {HourlyRollup: ("substation_id", "at"), DailyRollup: ("substation_id", "day"), LineDay: ("link_id", "day")}
    return {model.__name__: list(model._default_manager.order_by(*order).values()) for model, order in orders.items()}


def prune(model: Any = Reading, before: datetime = BEFORE) -> list[PruningPiece]:
    return list(prune_rows(model, before=before))


def freed(pieces: list[PruningPiece]) -> int:
    return sum(piece.freed for piece in pieces)
