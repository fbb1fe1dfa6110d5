"""Background work on reports."""

from __future__ import annotations

from celery import shared_task


@shared_task
def make_reports() -> None:
    """Make what is wanted, then mail what is ready."""
    from . import making, sending  # the writers need half a second to import, and the web process none of them

    making.make_pending()
    sending.send_pending()
