"""Messages that could not be sent: told over other channels, counted for pages and health."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core import site_rights

from . import message_texts
from .channel_models import NotificationChannel
from .outbox_models import OutgoingMessage

# chosen: one message an hour says that a channel fails; the page has every dead letter.
QUIET_FOR = timedelta(hours=1)
Kind = OutgoingMessage.MessageKind


def tell(dead: OutgoingMessage, *, now: datetime) -> int:
    """Say over every other channel that tells failures that this one fails; how many were asked to."""
    if dead.kind in (Kind.TEST, Kind.FAILING):
        return 0
    others = NotificationChannel.objects.usable().filter(tells_failures=True).exclude(pk=dead.channel_id)
    group = f"failing|{dead.channel_id}"
    lately = OutgoingMessage.objects.filter(group=group, created_at__gt=now - QUIET_FOR).values("channel")
    found = list(others.exclude(pk__in=lately))
    people = site_rights.who_see((each.owner_id for each in found if each.owner_id), None)  # it names what was not sent
    asked = [channel for channel in found if channel.owner_id is None or channel.owner_id in people]
    return len([_queue(channel, dead, group, now=now) for channel in asked])


def _queue(channel: NotificationChannel, dead: OutgoingMessage, group: str, *, now: datetime) -> OutgoingMessage:
    with translation.override(channel.language or settings.LANGUAGE_CODE):
        link = settings.PUBLIC_URL + reverse("notifications:dead-letters")
        subject = _("Messages to “%(channel)s” fail") % {"channel": dead.channel}
        subject = " ".join(subject.split())
        not_sent = _("Not sent: %(subject)s") % {"subject": dead.subject}
    text = f"{subject}: {dead.note}\n{not_sent}\n{link}\n"
    return OutgoingMessage.objects.create(
        channel=channel,
        kind=Kind.FAILING,
        severity=dead.severity,
        group=group,
        subject=subject[: message_texts.MAX_SUBJECT],
        text=text,
        short=message_texts.shortened(subject, link),
        body=message_texts.body_of("failing", [], said=text),
        created_at=now,
        next_at=now,
    )


def dead_count() -> int:
    """Dead letters that nobody has looked after."""
    return OutgoingMessage.objects.standing().exclude(kind=Kind.TEST).count()
