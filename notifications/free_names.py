"""Names that are not taken yet."""

from __future__ import annotations

from django.db.models import QuerySet

from .channel_models import NotificationChannel
from .route_models import NotificationRoute


def free_name(rows: QuerySet[NotificationChannel] | QuerySet[NotificationRoute], name: str) -> str:
    """The name, with a number behind it where one of the rows has it."""
    taken = set(rows.values_list("name", flat=True))
    return next(each for each in (name, *(f"{name} {number}" for number in range(2, 1000))) if each not in taken)
