"""A clock that stands where it is put: years go by in minutes, for whatever asks Django what time it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone


class SimulatedClock:
    """``at``: the present of this process, aware, until ``running`` ends."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    @contextmanager
    def running(self) -> Iterator[None]:
        """What asks ``time.time()`` (the age of a sign-in, of a process' file) or the database goes on as ever."""
        before = timezone.now
        timezone.now = lambda: self.at
        try:
            yield
        finally:
            timezone.now = before
