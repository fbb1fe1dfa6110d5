"""Background work of the alert desk."""

from __future__ import annotations

from celery import shared_task

from . import review, services


@shared_task
def review_changed() -> None:
    review.review_changed()


@shared_task
def verify_resolved() -> None:
    services.verify_due()
