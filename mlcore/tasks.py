"""Background work of the ``ml`` queue. TensorFlow is loaded inside these tasks and nowhere else."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from . import services

logger = logging.getLogger(__name__)

# chosen: with the caller one for each core of a large machine; more workers find the batches at the next sweep.
MAX_HELPERS = 15


@shared_task(bind=True)
def score_pending(self: Any, *, helps: bool = False) -> None:
    """Score what waits. Where there is much of it, the other workers of the queue are called in as well."""
    if not helps and (waiting := services.batches_waiting()) > 1:
        _call_helpers(self, min(waiting - 1, MAX_HELPERS))
    services.score_pending(wait_for_training=True)
    services.keep_checkpoints()


def _call_helpers(task: Any, count: int) -> None:
    """Send the same task to others, followed by what follows it here; who finds nothing left to do is done at once."""
    try:
        for _number in range(count):
            task.apply_async(kwargs={"helps": True}, chain=task.request.chain)
    except OperationalError as error:
        logger.warning("The broker cannot be reached (%s): this worker scores alone until the next sweep.", error)


@shared_task
def train_due() -> None:
    services.train_due()


@shared_task
def work_out_sensitivity() -> None:
    services.work_out_sensitivity()
