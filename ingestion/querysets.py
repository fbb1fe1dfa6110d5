"""Questions asked of the uploads, in words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from core.leases import LeasedQuerySet

if TYPE_CHECKING:
    from .models import Upload  # noqa: F401 (named as text below)


class UploadQuerySet(LeasedQuerySet["Upload"]):
    def in_effect(self) -> UploadQuerySet:
        """Everything but rejected and failed: what a second copy of the same file would repeat."""
        return self.exclude(state__in=("rejected", "failed"))

    def claimable(self, now: datetime) -> UploadQuerySet:
        """Waiting for a worker, or left behind by one that stopped renewing its lease."""
        return self.filter(state__in=("queued", "loading")).unclaimed(now)
