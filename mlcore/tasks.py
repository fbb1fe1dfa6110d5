"""Background work of the ``ml`` queue. TensorFlow is loaded inside these tasks and nowhere else."""

from __future__ import annotations

from celery import shared_task

from smart_ems import pipeline

from . import services


@shared_task
def score_pending(*, helps: bool = False) -> None:
    """Score what waits. Where there is much of it, the other workers of the queue are called in as well."""
    if not helps and (waiting := services.batches_waiting()) > 1:
        pipeline.call_helpers(waiting)
    services.score_pending(wait_for_training=True)


@shared_task
def train_due() -> None:
    services.train_due()
