"""Background work on alerts."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from . import alarm_days, kept_answers, penalties, repairs, review, services, timers


@shared_task
def review_changed() -> None:
    review.review_changed()
    penalties.refresh_penalties()


@shared_task
def refresh_penalties() -> None:
    """What open alerts add to the bill: of those that changed, and where a day has closed."""
    penalties.refresh_penalties()


@shared_task
def refresh_repairs() -> None:
    """Of alerts that were closed: since when reactive power is back, and what that saves. Also forget old answers."""
    repairs.refresh_repairs()
    kept_answers.forget_old_answers(now=timezone.now())


@shared_task
def verify_resolved() -> None:
    services.verify_due()


@shared_task
def follow_planned_work() -> None:
    """Whatever waits for a time: planned work, the shelf, suppression by design, alerts that wait for somebody."""
    timers.follow(now=timezone.now())


@shared_task
def refresh_alarm_days() -> None:
    """What the figures of alarms are computed from: the days that new events concern."""
    alarm_days.refresh(now=timezone.now())
