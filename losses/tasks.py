"""Background work on hourly figures."""

from __future__ import annotations

from celery import shared_task

from . import stale_hours


@shared_task
def account_pending() -> None:
    stale_hours.account_pending()
