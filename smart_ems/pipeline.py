"""The system on one screen.

    upload or batch ─► Reading + PendingRange ─► Score, Detection ─► Alert
          │                     │                      │               │
     load_upload           score_pending          review_changed   fragments on a page
                                                       │
                              StaleRange ──────► HourlyRollup, DailyRollup
                                                  account_pending     Report ─► files, e-mail
                                                                          make_reports
    AlertEvent ─► Delivery ─► OutgoingMessage ─► people
                        notify

Every stage reads the rows that the stage before it wrote, and writes its own. The functions here only make
a stage start at once: a message that is lost costs seconds, because ``sweep`` sends another for what is left over.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import chain, signature
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

LOAD = "ingestion.tasks.load_upload"
SCORE = "mlcore.tasks.score_pending"
TRAIN = "mlcore.tasks.train_due"
SENSITIVITY = "mlcore.tasks.work_out_sensitivity"
ACCOUNT = "losses.tasks.account_pending"
REVIEW = "alerts.tasks.review_changed"
REPORT = "reports.tasks.make_reports"
NOTIFY = "notifications.tasks.notify"
RESET = "smart_ems.accounts.tasks.mail_reset_links"


def upload_received(upload_id: int) -> None:
    """Load one upload as soon as its row is visible to the workers."""
    transaction.on_commit(lambda: _dispatch((LOAD, {"upload_id": upload_id})))


def readings_arrived() -> None:
    """Score what waits, then review what the scores changed, then tell who has to know, then account its hours."""
    transaction.on_commit(lambda: _dispatch((SCORE, {}), (REVIEW, {}), (NOTIFY, {}), (ACCOUNT, {})))


def training_wanted() -> None:
    """Train the substations that are due, then score with the new models, review, tell and account."""
    transaction.on_commit(lambda: _dispatch((TRAIN, {}), (SCORE, {}), (REVIEW, {}), (NOTIFY, {}), (ACCOUNT, {})))


def sensitivity_wanted() -> None:
    """Work out what would be found, for the models of which that was asked."""
    transaction.on_commit(lambda: _dispatch((SENSITIVITY, {})))


def detections_changed() -> None:
    """Raise, update or clear alerts for the detections that changed, and tell who has to know."""
    transaction.on_commit(lambda: _dispatch((REVIEW, {}), (NOTIFY, {})))


def hours_waiting() -> None:
    """Account the hours that have been judged."""
    transaction.on_commit(lambda: _dispatch((ACCOUNT, {})))


def reports_waiting() -> None:
    """Make the reports that are wanted, and mail those of schedules."""
    transaction.on_commit(lambda: _dispatch((REPORT, {})))


def notifications_waiting() -> None:
    """Route the events of alerts, and send the messages that are due."""
    transaction.on_commit(lambda: _dispatch((NOTIFY, {})))


def password_reset_wanted(address: str, asked_from: str) -> None:
    """Mail the links of a password reset; looked up by a worker, so that an answer takes as long for no account.

    Nothing is stored: without a broker that person asks again.
    """
    _dispatch((RESET, {"address": address, "asked_from": asked_from}))


def sweep() -> None:
    """Start the work that the database still shows as unfinished."""
    from alerts import review as alerts
    from ingestion import services as ingestion
    from losses import stale_hours as losses
    from mlcore import services as mlcore
    from notifications import heartbeat, retention
    from reports import services as reports
    from substations.models import PendingRange, StaleRange

    from . import clock_steps

    clock_steps.put_right(now=timezone.now())
    for upload_id in ingestion.unfinished_uploads():
        upload_received(upload_id)
    for ranges in (PendingRange, StaleRange):
        ranges.objects.of_no_substation().delete()
    if PendingRange.objects.exists():
        readings_arrived()
    if mlcore.training_is_due():
        training_wanted()
    if mlcore.sensitivity_is_wanted():
        sensitivity_wanted()
    mlcore.follow_silence(timezone.now())
    if alerts.has_unreviewed():
        detections_changed()
    if losses.has_pending():
        hours_waiting()
    reports.queue_due(timezone.localdate())
    if reports.has_pending():
        reports_waiting()
    if heartbeat.has_work(timezone.now()):
        notifications_waiting()
    retention.prune(now=timezone.now())
    heartbeat.swept(now=timezone.now())


def _dispatch(*tasks: tuple[str, dict[str, Any]]) -> None:
    """Send a chain of tasks; without a broker, leave the work to the next sweep."""
    links = [
        signature(name, kwargs=values, immutable=True, queue="ml" if name.startswith("mlcore.") else "default")
        for name, values in tasks
    ]
    try:
        (chain(*links) if len(links) > 1 else links[0]).apply_async()
    except OperationalError as error:
        logger.warning("The broker cannot be reached (%s): %s waits for the next sweep.", error, tasks[0][0])
