"""Acknowledging from a message: a signed link that works once, for a day, until the alert is announced again.

A link only shows a page; the button on it acts. Mail scanners follow links, they press no buttons.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, User
from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from alerts import services
from alerts.models import Alert, AlertEvent

from .channel_models import NotificationChannel
from .event_meaning import ASKS
from .message_entries import acknowledge_url
from .outbox_models import AcknowledgeLink, Delivery

SALT = "notifications.acknowledge"
# chosen: a message of last night is still good in the morning, one of last week is not.
VALID_FOR = timedelta(hours=24)


class LinkRefused(Exception):
    """Why the link does nothing any more."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A link that somebody opened, and the alert it is for."""

    link: AcknowledgeLink
    alert: Alert


def links_for(channel: NotificationChannel, deliveries: Sequence[Delivery], *, now: datetime) -> dict[int, str]:
    """The addresses for what asks for somebody, by alert; machines get none."""
    if channel.kind in (NotificationChannel.ChannelKind.FILE, NotificationChannel.ChannelKind.WEBHOOK):
        return {}
    found = {}
    for delivery in deliveries:
        if delivery.is_alarm:
            link, _created = AcknowledgeLink.objects.get_or_create(
                event=delivery.event, channel=channel, defaults={"expires_at": now + VALID_FOR}
            )
            found[delivery.alert_id] = acknowledge_url(signing.dumps(link.pk.hex, salt=SALT))
    return found


def follow(token: str) -> Followed | None:
    """The link of a token; None where it was not made here or is not there any more."""
    try:
        key = uuid.UUID(hex=str(signing.loads(token, salt=SALT)))
    except (signing.BadSignature, ValueError):
        return None
    with_alert = AcknowledgeLink.objects.select_related("event__alert__substation", "channel__owner", "used_by")
    link = with_alert.filter(pk=key).first()
    return None if link is None else Followed(link, link.event.alert)


def refusal(followed: Followed, *, now: datetime) -> str:
    """Why the link cannot be used; empty where it can."""
    link, alert = followed.link, followed.alert
    if link.used_at:
        return _("This link has been used by %(who)s.") % {"who": link.used_by or "?"}
    if now >= link.expires_at:
        return _("This link has expired. Open the alert instead.")
    later = AlertEvent.objects.filter(alert=alert, seq__gt=link.event.seq, state_after=ASKS)
    if later.exclude(state_before=ASKS).exists():
        return _("The alert has been announced again since this message. Open it instead.")
    if alert.acknowledged:
        return _("The alert is acknowledged already, by %(who)s.") % {"who": alert.acknowledged_by or "?"}
    return _("The alert is closed already.") if alert.closed_at else ""


def person_of(followed: Followed, visitor: User | AnonymousUser) -> User | None:
    """Who acts: whoever is signed in, else the person whose channel it is; None: somebody has to sign in."""
    if isinstance(visitor, User):
        return visitor
    owner: User | None = followed.link.channel.owner
    return owner if owner is not None and owner.is_active else None


@transaction.atomic
def use(followed: Followed, *, by: User, now: datetime) -> Alert:
    """Acknowledge, once.

    Raises:
        LinkRefused: it was used, has expired or means nothing any more.
        lifecycle.Refused, changes.Conflict: as of ``services.acknowledge``.
    """
    if why := refusal(followed, now=now):
        raise LinkRefused(why)
    unused = AcknowledgeLink.objects.filter(pk=followed.link.pk, used_at__isnull=True)
    if unused.update(used_at=now, used_by=by) != 1:
        raise LinkRefused(_("This link has just been used."))
    note = _("By the link in a message to %(channel)s.") % {"channel": followed.link.channel}
    return services.acknowledge(followed.alert, by=by, note=note)
