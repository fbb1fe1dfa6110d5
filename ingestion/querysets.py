"""Questions asked of the uploads, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from core.leases import LeasedQuerySet
from core.site_rights import SiteQuerySet

if TYPE_CHECKING:
    from .models import SourceProfile, Upload


class UploadQuerySet(LeasedQuerySet["Upload"]):
    def in_effect(self) -> UploadQuerySet:
        """Everything but rejected and failed: what a second copy of the same file would repeat."""
        return self.exclude(state__in=("rejected", "failed"))

    def claimable(self, now: datetime) -> UploadQuerySet:
        """Waiting for a worker, or left behind by one that stopped renewing its lease."""
        return self.filter(state__in=("queued", "loading")).unclaimed(now)


class SourceProfileQuerySet(SiteQuerySet["SourceProfile"]):
    def of_source(self, upload: Upload, headers: Sequence[str]) -> SourceProfile | None:
        """The answers remembered for uploads like this one."""
        key = source_key(upload, headers)
        return self.filter(key=key).select_related("sender").first()

    def remember(self, upload: Upload, headers: Sequence[str], profile: Mapping[str, Any]) -> None:
        """Keep the answers that a person confirmed for an upload, for others of its source."""
        self.update_or_create(
            key=source_key(upload, headers),
            defaults={
                "sender": upload.uploaded_by,
                "source": upload.source,
                "name_pattern": name_pattern(upload.original_name),
                "columns": list(headers),
                "profile": dict(profile),
                "name": upload.original_name,
            },
        )


def name_pattern(name: str) -> str:
    """A file's name with # for every number: the files of one source differ by date or counter."""
    return re.sub(r"\d+", "#", name)


def source_key(upload: Upload, headers: Sequence[str]) -> str:
    """One value for sender, source, file names and columns."""
    columns = [header.strip().casefold() for header in headers]
    parts = [upload.uploaded_by_id, str(upload.source), name_pattern(upload.original_name), columns]
    return sha256(json.dumps(parts).encode()).hexdigest()
