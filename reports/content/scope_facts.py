"""What every report says of its scope: whose clock, how much is known, in words."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime, time, timedelta, tzinfo

from django.conf import settings
from django.utils.translation import gettext as _

from core.formatting import offset
from losses.loss_scope import LossScope


def zone_of(scope: LossScope) -> tzinfo:
    """The clock of the substation, else of the first of the site, else of the server."""
    first = scope.substation or scope.substations.order_by("code").first()
    return first.zone if first else zoneinfo.ZoneInfo(settings.TIME_ZONE)


def name_of(scope: LossScope) -> str:
    if scope.substation:
        return " · ".join(part for part in (scope.substation.code, scope.substation.name, scope.site) if part)
    return scope.site or _("Whole grid")


def bounds_of(first: date, last: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """The days ``first`` to ``last`` of a clock: ``start <= at < end``."""
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


def clock_text(zone: tzinfo, at: datetime) -> str:
    """For example: Asia/Kolkata (+05:30)."""
    return f"{zone} ({offset(at.astimezone(zone))})"
