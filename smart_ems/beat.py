"""Beat on a machine whose clock is put right while it runs: what is due does not wait for a time that was wrong."""

from __future__ import annotations

from typing import Any

from celery.beat import PersistentScheduler


class SteadyScheduler(PersistentScheduler):
    """After a clock went back, everything is due one interval later.

    Celery's own waits until the clock has come to where it was, for hours or days, without a word.
    """

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send what is due; seconds until the next look."""
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None  # it is sorted by times that are wrong now
        return super().tick(*args, **kwargs)
