"""Writing deliveries: one row for each event, channel, reason and number, with what is said of the event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from alerts.models import Alert, AlertEvent
from core import site_rights

from .channel_models import NotificationChannel
from .message_entries import entry_of
from .outbox_models import Delivery
from .route_models import NotificationRoute

State = Delivery.DeliveryState


def is_too_old(event: AlertEvent, now: datetime) -> bool:
    return now - event.at > timedelta(hours=settings.NOTIFY_MAX_AGE_HOURS)


def given_to(alert: Alert, channels: Iterable[NotificationChannel]) -> list[NotificationChannel]:
    """Channels that are nobody's, and those of people to whom the substation of the alert is given."""
    found = list(channels)
    people = site_rights.who_see((each.owner_id for each in found if each.owner_id), alert.substation_id)
    return [channel for channel in found if channel.owner_id is None or channel.owner_id in people]


def add_deliveries(
    event: AlertEvent,
    channels: Iterable[NotificationChannel],
    *,
    now: datetime,
    route: NotificationRoute | None = None,
    reason: str = Delivery.DeliveryReason.ROUTE,
    number: int = 0,
    is_alarm: bool = True,
    title: str = "",
    state: str = State.WAITING,
) -> list[Delivery]:
    """One delivery of an event for each channel that has none yet for this reason and number.

    A person is told of nothing that is not given to them; a channel of the plant is not a person.
    """
    alert = event.alert
    wait = route.wait_of(event.severity_after) if route else 0
    deliveries = [
        Delivery(
            event=event,
            alert=alert,
            channel=channel,
            reason=reason,
            number=number,
            is_alarm=is_alarm,
            severity=event.severity_after,
            content=entry_of(event, alert, channel, now=now, title=title) | {"asks": is_alarm},
            group=f"{alert.substation.site}|{alert.kind}",
            wait_until=(event.at if route else now) + timedelta(seconds=wait),
            interval_s=route.interval_s if route else 0,
            state=state,
            created_at=now,
        )
        for channel in given_to(alert, channels)
    ]
    return Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
