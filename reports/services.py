"""Asking for reports: by hand, and by a schedule. Making them is the work of ``making``."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import site_rights
from losses.report_period import month_of, shifted

from .models import Report, ReportSchedule


class Requested(NamedTuple):
    """is_new: False where the same report was waiting already, which is then meant."""

    report: Report
    is_new: bool


@transaction.atomic
def request_report(wanted: Report, *, by: User | None) -> Requested:
    """Queue a report; one that is the same and not yet made is not queued twice. ValidationError for a wrong one."""
    wanted.clean()
    wanted.is_partial = site_rights.current() is not None
    same = Report.objects.unfinished().same_as(wanted).filter(is_partial=wanted.is_partial)
    waiting = (same.filter(requested_by=by) if wanted.is_partial else same).first()
    if waiting:
        return Requested(waiting, False)
    wanted.requested_by = by
    wanted.save()
    return Requested(wanted, True)


def queue_again(report: Report) -> bool:
    """Whether a failed report was queued once more."""
    failed = Report.objects.filter(pk=report.pk, state=Report.ReportState.FAILED)
    return failed.update(state=Report.ReportState.QUEUED, reason="", attempts=0, progress_pct=0, finished_at=None) == 1


def delete_report(report: Report) -> bool:
    """Delete a report with its files; False where a worker is making it just now."""
    free = Report.objects.filter(pk=report.pk).exclude(state=Report.ReportState.MAKING)
    with transaction.atomic():
        if not free.delete()[0]:
            return False
        for file in (report.paper, report.sheet):
            if file:
                transaction.on_commit(partial(file.storage.delete, str(file.name)))
    return True


def has_pending() -> bool:
    """Whether a report is to be made or mailed that no worker holds."""
    free = Report.objects.unclaimed(timezone.now())
    return (free.unfinished() | free.to_be_mailed()).exists()


def first_of_next_month(day: date) -> date:
    return shifted(month_of(day), 1)


def add_schedule(wanted: ReportSchedule, *, by: User, today: date) -> None:
    """From the first of the next month on. ValidationError for a wrong one, or a second one of a kind and site."""
    wanted.clean()
    wanted.created_by, wanted.next_on = by, first_of_next_month(today)
    try:
        with transaction.atomic():
            wanted.save()
    except IntegrityError as error:
        said = _("There is a schedule of this report already: end that one first.")
        raise ValidationError(said) from error


def queue_due(today: date) -> int:
    """Queue what schedules ask for: the month before the day that has come. How many; a second time none."""
    count = 0
    for schedule in ReportSchedule.objects.filter(next_on__lte=today):
        with transaction.atomic():
            following = first_of_next_month(today)
            due = ReportSchedule.objects.filter(pk=schedule.pk, next_on=schedule.next_on)
            if due.update(next_on=following) != 1:
                continue
            last_day = month_of(today) - timedelta(days=1)
            Report.objects.create(
                kind=schedule.kind, site=schedule.site, first_day=month_of(last_day), last_day=last_day,
                schedule=schedule, mail=Report.Mail.WAITING,
            )  # fmt: skip
            count += 1
    return count
