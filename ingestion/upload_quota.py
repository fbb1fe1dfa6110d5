"""How much one person may send in a day, and whether it fits on the disk: asked before anything of a file is kept."""

from __future__ import annotations

import shutil
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from .models import Upload

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DAY = timedelta(days=1)
COPIES = 2
"""While a file is taken in it is there twice: as it was sent, and where it is kept."""
MIN_FREE_BYTES = 500_000_000
"""Chosen: an upload of a usual size and the log of a day; below it a database soon stops, and ``/readyz`` says so."""


class TooLarge(ValueError):
    """The file exceeds the size limit; the message names both sizes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class QuotaUsedUp(TooLarge):
    """With this file, its sender would have sent more than one person may in a day."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class DiskFull(TooLarge):
    """There is no space for the file."""

    status = HTTPStatus.INSUFFICIENT_STORAGE


def check_capacity(size: int, by: User | None) -> None:
    """Whether a file of so many bytes may come; without ``by`` it is the program's own.

    Raises:
        QuotaUsedUp: what was used and what is allowed is in the text.
        DiskFull: what is free and what is needed is in the text.
    """
    allowed = settings.UPLOAD_MAX_BYTES_PER_DAY
    if by is not None and allowed and (used := used_bytes(by)) + size > allowed:
        raise QuotaUsedUp(
            f"You have used {used:,} of the {allowed:,} bytes that one person may upload within 24 hours; this file "
            f"has {size:,}. Send it later, or have the administrator raise EMS_UPLOAD_MAX_BYTES_PER_DAY."
        )
    needed, free = COPIES * size + MIN_FREE_BYTES, shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR).free
    if free < needed:
        raise DiskFull(
            f"The server has {free:,} bytes of free disk; {needed:,} are needed to take in a file of {size:,}. "
            "Tell its administrator."
        )


def used_bytes(by: User) -> int:
    """What somebody has uploaded within the last 24 hours, also what was rejected or deleted of it."""
    sent = Upload.objects.filter(uploaded_by=by, created_at__gt=timezone.now() - DAY)
    return int(sent.aggregate(bytes=Sum("size"))["bytes"] or 0)
