"""The claim on what is being judged: kept while the work goes on, gone by itself when the process dies."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from substations.models import PendingRange

# What a killed worker held is free again after this, and found by the sweep that follows: within two minutes.
LEASE_FOR = timedelta(seconds=90)


@contextmanager
def kept(token: uuid.UUID) -> Iterator[None]:
    """Renew a claim while a long record is judged."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE_FOR.total_seconds() / 4):
            PendingRange.objects.claimed(token).update(claimed_until=timezone.now() + LEASE_FOR)
        connection.close()

    keeper = threading.Thread(target=renew, name="claim keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join(5)
