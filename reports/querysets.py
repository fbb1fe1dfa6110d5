"""Questions asked of reports, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.leases import LeasedQuerySet

if TYPE_CHECKING:
    from .models import Report

MAX_ATTEMPTS = 3
"""Chosen: what killed three workers kills the fourth; it is said to have failed."""


class ReportQuerySet(LeasedQuerySet["Report"]):
    def unfinished(self) -> ReportQuerySet:
        """Queued, or being made by a worker that may have died."""
        return self.filter(state__in=("queued", "making"))

    def to_be_mailed(self) -> ReportQuerySet:
        """Ready, with addresses that have not got it."""
        return self.filter(state="ready", mail="waiting")

    def same_as(self, wanted: Report) -> ReportQuerySet:
        """Those of the same kind, scope and time."""
        names = ("kind", "site", "substation", "alert", "first_day", "last_day", "start", "end")
        return self.filter(**{name: value for name in names if (value := getattr(wanted, name)) is not None}).filter(
            **{f"{name}__isnull": True for name in names if getattr(wanted, name) is None}
        )

    def with_scope(self) -> ReportQuerySet:
        """With what a row of the list says."""
        return self.select_related("substation", "requested_by", "schedule")
