"""What a report has to say of its scope and its time. Each rule names the field, what was received and expected."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from losses.report_period import shifted
from substations.models import Substation

if TYPE_CHECKING:
    from .models import Report

MAX_MONTHS = 12
"""Chosen: a year on one paper; a longer one is asked for year by year."""

MAX_SHIFT = timedelta(days=31)
"""Chosen: what is longer is read by the month."""


def check_scope(report: Report) -> None:
    """ValidationError where a scope is none, or two."""
    if report.site and report.substation_id:
        raise ValidationError({"site": _("Received a site and a substation; expected one of them, or neither.")})
    if report.site and not Substation.objects.filter(site=report.site).exists():
        said = _("No substation names “%(site)s” as its site.")
        raise ValidationError({"site": said % {"site": report.site[:40]}})


def check_months(report: Report) -> None:
    """ValidationError where the days are no whole months that have begun."""
    first, last = report.first_day, report.last_day
    if first is None or last is None:
        raise ValidationError({"month": _("Received no month; expected one like 2026-03.")})
    if first > timezone.localdate():
        said = _("Received %(month)s, which is still to come; expected a month that has begun.")
        raise ValidationError({"month": said % {"month": f"{first:%Y-%m}"}})
    if last < first:
        said = _("The period begins in %(first)s and ends before that, in %(last)s. Exchange the two.")
        raise ValidationError({"to": said % {"first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}"}})
    if last >= shifted(first, MAX_MONTHS):
        said = _("Received more than %(most)d months; expected a shorter period.")
        raise ValidationError({"to": said % {"most": MAX_MONTHS}})


def check_shift(report: Report) -> None:
    """ValidationError where the hours of a shift are none, in the wrong order, too many or to come."""
    start, end = report.start, report.end
    if start is None or end is None:
        name = "start" if start is None else "end"
        raise ValidationError({name: _("Received no time; expected one like 2026-03-02T06:00.")})
    if end <= start:
        raise ValidationError({"end": _("The shift ends before it begins, or at that time. Exchange the two.")})
    if end - start > MAX_SHIFT:
        said = _("Received more than %(most)d days; expected a shorter shift, or a report of the month.")
        raise ValidationError({"end": said % {"most": MAX_SHIFT.days}})
    if start > timezone.now():
        raise ValidationError({"start": _("Received a time to come; expected a shift that has begun.")})
