"""Sending the reports of schedules by e-mail; without a mail server they are kept, and pages say so."""

from __future__ import annotations

import logging
import smtplib
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.utils import timezone
from django.utils.translation import gettext as _

from core.leases import kept
from core.retries import reason_of

from .models import Report

logger = logging.getLogger(__name__)
NO_SERVER = "django.core.mail.backends.dummy.EmailBackend"
MAX_NOTE = 300


def has_mail_server() -> bool:
    return settings.EMAIL_BACKEND != NO_SERVER


def send_pending() -> int:
    """Send what is ready and wanted by a schedule; how many were sent. Each is tried once, and can be sent again."""
    sent = 0
    while report := Report.objects.unclaimed(timezone.now()).to_be_mailed().with_scope().first():
        mine = Report.objects.filter(pk=report.pk).to_be_mailed()
        token = mine.claim(now=timezone.now())
        if token is None:
            continue
        with kept(Report.objects.all(), token):  # a mail server may be silent for longer than a lease
            note = _send(report)
        state = Report.Mail.NOT_SENT if note else Report.Mail.SENT
        Report.objects.all().release(token, mail=state, mail_note=note[:MAX_NOTE])
        sent += not note
    return sent


def _send(report: Report) -> str:
    """Why nothing was sent; empty where it was."""
    recipients = report.schedule.recipients if report.schedule else []
    if not recipients:
        return _("The schedule has no addresses any more.")
    if not has_mail_server():
        return _("There is no mail server: set EMS_EMAIL_URL. The report is kept here.")
    try:
        message_of(report, recipients).send()
    except (smtplib.SMTPException, OSError) as error:
        logger.warning("Report %s could not be mailed: %s", report.pk, error)
        return reason_of(error)
    return ""


def message_of(report: Report, recipients: list[str]) -> EmailMessage:
    """The files as attachments. Addresses stand in Bcc: those who get it need not know of each other."""
    subject = " ".join(f"Smart EMS: {report}".split())
    text = _("%(report)s. The PDF is for reading, the other file for working with the figures.") % {"report": report}
    message = EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, bcc=recipients)
    for file in (report.paper, report.sheet):
        name = str(file.name)
        with default_storage.open(name) as content:
            message.attach(PurePosixPath(name).name, content.read())
    return message


def send_again(report: Report) -> bool:
    """Whether a report that was not sent is to be sent once more."""
    failed = Report.objects.filter(pk=report.pk, mail=Report.Mail.NOT_SENT, schedule__isnull=False)
    return failed.update(mail=Report.Mail.WAITING, mail_note="") == 1
