"""Background work of the ``ml`` queue. TensorFlow is loaded inside these tasks and nowhere else."""

from __future__ import annotations

from celery import shared_task

from . import services


@shared_task
def score_pending() -> None:
    services.score_pending(wait_for_training=True)


@shared_task
def train_due() -> None:
    services.train_due()
