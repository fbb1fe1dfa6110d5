"""Background work on hourly figures."""

from __future__ import annotations

from celery import shared_task

from . import change_proofs, outlooks, recommendations, stale_hours
from .models import BankRecommendation


@shared_task
def account_pending() -> None:
    """Account the hours that wait; where a day has closed, work out again where its month ends.

    The first recommendations are worked out with them: a newcomer's page would say for minutes that there are none.
    """
    if stale_hours.account_pending():
        outlooks.refresh_outlooks()
        if not BankRecommendation.objects.exists():
            recommendations.refresh_recommendations()


@shared_task
def recommend() -> None:
    """Where a day has closed: which bank is missing, and what those that were fitted have done."""
    recommendations.refresh_recommendations()
    change_proofs.refresh_proofs()
