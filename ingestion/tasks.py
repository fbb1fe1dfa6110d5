"""The load task: calls the service and dispatches what follows."""

from __future__ import annotations

from celery import shared_task

from ingestion import services
from smart_ems import pipeline


@shared_task
def load_upload(upload_id: int) -> str:
    """Load one upload; running it twice does nothing twice."""
    outcome = services.load(upload_id)
    if outcome is services.LoadOutcome.LOADED:
        pipeline.readings_arrived()
    return outcome.value
