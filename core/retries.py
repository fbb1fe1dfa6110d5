"""What cannot be done for one row: said in the database with the reason, left alone for a while, tried again.

A retry waits a minute, and twice as long after every further failure, an hour at most. What succeeds deletes its row.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import InterfaceError, OperationalError, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.site_rights import SiteQuerySet

DATABASE_AWAY = (OperationalError, InterfaceError)
"""What no row is to blame for. The whole task fails and comes again."""

# chosen: a passing fault costs a minute, a lasting one a look each hour.
FIRST_RETRY, MAX_RETRY = timedelta(minutes=1), timedelta(hours=1)
MAX_REASON = 300

FailureModel = TypeVar("FailureModel", bound="Failure")
_traced: set[str] = set()


class FailureQuerySet(SiteQuerySet[FailureModel]):
    def held_back(self, now: datetime) -> set[int]:
        """Keys of what is not to be tried before a later time."""
        return set(self.filter(retry_at__gt=now).values_list("pk", flat=True))

    def record(self, failed: Mapping[int, Exception]) -> None:
        """Say why something cannot be done, by key, and when it is tried again."""
        now = timezone.now()
        known = self.in_bulk(list(failed))
        for pk, error in failed.items():
            before = known.get(pk)
            attempts = before.attempts + 1 if before else 1
            wait = min(FIRST_RETRY * 2 ** min(attempts - 1, 16), MAX_RETRY)
            values = {"reason": reason_of(error), "failed_at": now, "retry_at": now + wait, "attempts": attempts}
            first = {"first_failed_at": before.first_failed_at if before else now}
            self.update_or_create(pk=pk, defaults=values | first)

    def succeeded(self, keys: Iterable[int]) -> None:
        """These could be done; in the transaction that writes what came of it."""
        self.filter(pk__in=list(keys)).delete()


class Failure(models.Model):
    """Why something cannot be done for one row, whose key is the key of this one."""

    MAX_REASON = MAX_REASON

    reason = models.CharField(_("reason"), max_length=MAX_REASON)
    first_failed_at = models.DateTimeField(_("first failed"))
    failed_at = models.DateTimeField(_("last failed"))
    retry_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveIntegerField(_("attempts"), default=1)

    class Meta:
        abstract = True
        ordering = ["first_failed_at"]

    def __str__(self) -> str:
        return f"{self.pk}: {self.reason}"


def reason_of(error: Exception) -> str:
    """One line for a person."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    return (f"{name}: {text}" if text else name)[:MAX_REASON]


def log_failure(logger: logging.Logger, what: str, error: Exception) -> None:
    """With the traceback the first time that this process meets a kind of failure, in one line after that."""
    frames = traceback.extract_tb(error.__traceback__)
    kind = f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__
    is_new = kind not in _traced
    _traced.add(kind)
    logger.error("%s: %s", what, reason_of(error), exc_info=error if is_new else None)
