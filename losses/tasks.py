"""Background work on hourly figures."""

from __future__ import annotations

from celery import shared_task

from . import pending


@shared_task
def account_pending() -> None:
    pending.account_pending()
