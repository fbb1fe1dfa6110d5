"""E-mail: all messages about one alert stand in one thread."""

from __future__ import annotations

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from core.retries import reason_of

from ..outbox_models import OutgoingMessage
from . import TransportFailed

NO_SERVER = "django.core.mail.backends.dummy.EmailBackend"
# RFC 5321: replies of 500 and above are final.
PERMANENT = 500


def has_mail_server() -> bool:
    return settings.EMAIL_BACKEND != NO_SERVER


def send_mail(message: OutgoingMessage) -> None:
    """Send once; the Message-ID is the same in every attempt."""
    if not has_mail_server():
        raise TransportFailed(_("There is no mail server: set EMS_EMAIL_URL."), permanent=True)
    try:
        mail_of(message).send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        raise TransportFailed(reason_of(error), permanent=min(codes, default=0) >= PERMANENT) from error
    except smtplib.SMTPResponseException as error:
        refused = error.smtp_code >= PERMANENT and not isinstance(error, smtplib.SMTPAuthenticationError)
        raise TransportFailed(reason_of(error), permanent=refused) from error
    except (smtplib.SMTPException, OSError) as error:
        raise TransportFailed(reason_of(error)) from error


def mail_of(message: OutgoingMessage) -> EmailMessage:
    """The mail. Addresses stand in Bcc: those who get it need not know of each other."""
    addresses = [part.strip() for part in message.channel.destination.split(",") if part.strip()]
    headers = {"Message-ID": f"<{message.id.hex}@{domain()}>", "Auto-Submitted": "auto-generated"}
    subject = message.subject
    if message.thread_id:
        root = f"<alert-{message.thread_id}.{message.channel_id}@{domain()}>"
        headers |= {"References": root, "In-Reply-To": root}
        subject = _subject_in_thread(message)
    text = message.short + "\n" if message.channel.is_short else message.text
    return EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, bcc=addresses, headers=headers)


def _subject_in_thread(message: OutgoingMessage) -> str:
    """The subject of the alert's first message on this channel: mail programs thread by it too."""
    earlier = OutgoingMessage.objects.filter(
        channel=message.channel_id, thread=message.thread_id, created_at__lt=message.created_at
    )
    first = earlier.order_by("created_at").values_list("subject", flat=True).first()
    return f"Re: {first}" if first else message.subject


def domain() -> str:
    """The part of the sender's address that its messages are named in."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
