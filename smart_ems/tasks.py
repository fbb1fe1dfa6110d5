"""The periodic sweep."""

from __future__ import annotations

from celery import shared_task

from . import pipeline


@shared_task
def sweep() -> None:
    pipeline.sweep()
