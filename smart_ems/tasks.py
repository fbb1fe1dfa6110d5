"""The periodic sweep, the backup of the day, and the retention."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from . import pipeline
from .backups import backup_schedule
from .retention import pruning


@shared_task
def sweep() -> None:
    pipeline.sweep()


@shared_task
def backup_when_due() -> None:
    backup_schedule.backup_when_due(now=timezone.now())


@shared_task
def prune() -> None:
    now = timezone.now()
    pruning.prune_all(now=now)
    pruning.measure_all(now=now)
