"""The periodic sweep, and the backup of the day."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from . import pipeline
from .backups import backup_schedule


@shared_task
def sweep() -> None:
    pipeline.sweep()


@shared_task
def backup_when_due() -> None:
    backup_schedule.backup_when_due(now=timezone.now())
