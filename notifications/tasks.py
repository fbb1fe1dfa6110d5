"""Background work on notifications."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from . import dispatching, escalations, failing_channels, heartbeat, outbox, routing


@shared_task
def notify() -> None:
    """Route new events, take the steps that are due, put what is due into messages, send them."""
    run_round()


def run_round() -> int:
    """One round; how many messages were sent."""
    now = timezone.now()
    routing.route_new(now=now)
    escalations.take_due_steps(now=now)
    outbox.assemble_due(now=now)
    sent = dispatching.send_due(now=now)
    failing_channels.follow(now=now)
    heartbeat.beat(heartbeat.OUTBOX, now=now)
    return sent


@shared_task
def ping_monitor() -> None:
    heartbeat.ping_monitor(now=timezone.now())
