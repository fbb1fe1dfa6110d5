"""Background work on hourly figures."""

from __future__ import annotations

from celery import shared_task

from . import change_proofs, outlooks, recommendations, stale_hours


@shared_task
def account_pending() -> None:
    """Account the hours that wait; where a day has closed, work out again where its month ends."""
    if stale_hours.account_pending():
        outlooks.refresh_outlooks()


@shared_task
def recommend() -> None:
    """Where a day has closed: which bank is missing, and what those that were fitted have done."""
    recommendations.refresh_recommendations()
    change_proofs.refresh_proofs()
