"""Leases: a worker takes rows for a while, renews while it works, gives them back; what a dead one held runs out.

Every change is one guarded UPDATE, so that of two workers one gets the rows. The token says whose lease it is: a worker
that was too slow can neither renew nor release what another has taken over.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

from django.db import DatabaseError, connection, models
from django.db.models import Q
from django.utils import timezone

from core.site_rights import SiteQuerySet

logger = logging.getLogger(__name__)
LeasedModel = TypeVar("LeasedModel", bound="Leased")
# chosen: three renewals may fail before it runs out, and a dead worker's rows are free before anybody looks for them.
LEASE_FOR = timedelta(seconds=30)


class LeaseLost(Exception):
    """Another worker took over; whatever this one has not committed is void."""


class LeasedQuerySet(SiteQuerySet[LeasedModel]):
    def unclaimed(self, now: datetime) -> Self:
        """Held by nobody, or by a worker that stopped renewing."""
        return self.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=now))

    def claim(self, *, now: datetime, lease_for: timedelta = LEASE_FOR, **changes: Any) -> uuid.UUID | None:
        """Take every unclaimed row of this set and write ``changes`` to it: the lease's token, None where none was."""
        token = uuid.uuid4()
        rows = self.unclaimed(now).update(claimed_by=token, claimed_until=now + lease_for, **changes)
        return token if rows else None

    def claimed(self, token: uuid.UUID) -> Self:
        return self.filter(claimed_by=token)

    def renew(self, token: uuid.UUID, *, lease_for: timedelta = LEASE_FOR) -> bool:
        """Whether the lease still was this one; inside a transaction nobody takes over before its end."""
        return self.claimed(token).update(claimed_until=timezone.now() + lease_for) > 0

    def release(self, token: uuid.UUID, **changes: Any) -> bool:
        """Give the rows back and write ``changes`` to them; False where another worker has taken over."""
        return self.claimed(token).update(claimed_by=None, claimed_until=None, **changes) > 0


class Leased(models.Model):
    """A row that one worker at a time works on."""

    claimed_by = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


@contextmanager
def kept(rows: LeasedQuerySet[Any], token: uuid.UUID, *, lease_for: timedelta = LEASE_FOR) -> Iterator[None]:
    """Renew a lease from a thread of its own for as long as the work inside takes."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(lease_for.total_seconds() / 4):
            try:
                rows.renew(token, lease_for=lease_for)
            except DatabaseError as error:
                logger.warning("A lease could not be renewed, it is tried again: %s", error)
        connection.close()

    thread = threading.Thread(target=renew, name="lease renewal", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(5)
