"""What a message says of one event: a snapshot in the language and the clock of one channel, made when it is routed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from alerts.cost_sentence import cost_sentence
from alerts.display_names import TRANSITIONS
from alerts.guidance import advice_of
from alerts.models import Alert, AlertEvent, Severity
from core.formatting import exact

from .channel_models import NotificationChannel

# chosen: what fits on the first screen of a telephone; the page has all of them.
MAX_CHECKS = 3


def entry_of(
    event: AlertEvent, alert: Alert, channel: NotificationChannel, *, now: datetime, title: str = ""
) -> dict[str, Any]:
    """What, where, why, cost so far, what to check first, link. ``title`` replaces the event's own word."""
    with translation.override(channel.language or settings.LANGUAGE_CODE):
        zone = channel.zone or alert.substation.zone
        critical = event.severity_after >= Severity.CRITICAL
        return {
            "alert": alert.pk,
            "event": event.pk,
            "seq": event.seq,
            "action": event.action,
            "word": title or str(TRANSITIONS.get(event.action, event.action)),
            "severity": "critical" if critical else "warning",
            "severity_word": str(_("Critical") if critical else _("Warning")),
            "kind": alert.kind,
            "cause": alert.cause,
            "what": alert.get_cause_display(),
            "substation": alert.substation.code,
            "where": where(alert),
            "why": alert.sentence,
            "cost": cost_sentence(alert, zone, now),
            "checks": list(advice_of(alert).steps[:MAX_CHECKS]),
            "at": event.at.isoformat(),
            "when": exact(event.at, zone),
            "since": exact(alert.raised_at, zone),
            "by": event.actor.get_username() if event.actor else "",
            "comment": event.comment,
            "link": settings.PUBLIC_URL + alert.get_absolute_url(),
        }


def where(alert: Alert) -> str:
    """Code, name and site of the substation."""
    substation = alert.substation
    name = f"{substation.code} {substation.name}".strip()
    return f"{name}, {substation.site}" if substation.site else name


def acknowledge_url(token: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('notifications:acknowledge', args=[token])}"
