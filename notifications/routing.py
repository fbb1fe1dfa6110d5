"""From events of alerts to deliveries: which routes match, who is told, what was waiting and is not needed any more.

Each event is routed in one transaction that writes ``RoutedEvent`` and the deliveries: two workers may try, one of them
succeeds, and whoever is killed leaves the event to the next round.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from alerts.models import AlertEvent

from . import escalations
from .channel_models import NotificationChannel
from .delivery_rows import add_deliveries, is_too_old
from .event_meaning import EventMeaning, meaning_of
from .outbox_models import Delivery
from .route_models import NotificationRoute, RoutedEvent, RoutingFloor

logger = logging.getLogger(__name__)
# chosen: a round of a few seconds.
EVENTS_PER_ROUND = 500
SETTLED = timedelta(hours=1)
"""Longer than any transaction that writes an event, and than any round: what is older is visible to all, and no worker
holds an old list of what is to be routed."""

State = Delivery.DeliveryState


def unrouted() -> QuerySet[AlertEvent]:
    """Events that nobody has looked at, those of one alert in their order."""
    floor = RoutingFloor.objects.values_list("event_pk", flat=True).first() or 0
    return AlertEvent.objects.filter(pk__gt=floor, routed__isnull=True).order_by("alert", "seq")


def route_new(*, now: datetime) -> int:
    """Route every new event; how many were routed here. What fails is tried again in the next round."""
    count = 0
    events = unrouted().select_related("alert__substation", "alert__penalty", "actor")
    failed: set[int] = set()
    for event in events[:EVENTS_PER_ROUND]:
        if event.alert_id in failed:
            continue  # what follows of an alert must not overtake what came before
        try:
            count += _route(event, now=now)
        except IntegrityError:
            failed.add(event.alert_id)  # another worker is at it
    if not failed:
        _raise_floor(now)
    return count


@transaction.atomic
def _route(event: AlertEvent, *, now: datetime) -> int:
    RoutedEvent.objects.create(event=event, routed_at=now)
    meaning = meaning_of(event.state_before, event.state_after, event.severity_before, event.severity_after)
    if meaning is EventMeaning.ALARM and event.announces:
        _announce(event, now=now)
    elif meaning is EventMeaning.UPDATE:
        _update(event, now=now)
    elif meaning is EventMeaning.SILENCE:
        _drop(_unsent(event), _("The alert was put aside before this was sent."))
        escalations.stop(event.alert_id)
    return 1


def _announce(event: AlertEvent, *, now: datetime) -> None:
    """Tell the channels of every route that matches, and start the routes' policies.

    What was raised long before (the sender stood still) wakes nobody: it comes in one message with what else is open.
    """
    alert = event.alert
    is_old = is_too_old(event, now)
    for route in NotificationRoute.objects.filter(is_enabled=True).select_related("policy"):
        severity = event.severity_after
        if not route.matches(site=alert.substation.site, kind=alert.kind, severity=severity, at=event.at):
            continue
        state = State.HELD if is_old else State.WAITING
        add_deliveries(event, route.channels.usable(), route=route, now=now, state=state)
        if route.policy and not is_old:
            escalations.start(event, route, route.policy)
        elif route.repeats(severity) and not is_old:
            escalations.start_repeating(event, route)


def _update(event: AlertEvent, *, now: datetime) -> None:
    """How it went on, for those who have heard of it; whoever did it on a channel of their own need not be told.

    What cleared or was acknowledged before its wait was over, or while it was held for the morning, is not said at all.
    """
    in_time = Q(wait_until__gte=event.at) | Q(state=State.HELD)
    _drop(_unsent(event).filter(in_time, is_alarm=True), _("It was over or acknowledged before it was to be sent."))
    if event.state_after != "closed" and event.state_after.startswith("acknowledged"):
        escalations.acknowledged(event, now=now)
    else:
        escalations.stop(event.alert_id)
    listeners = channels_that_heard(event)
    if event.actor_id:
        listeners = listeners.exclude(owner=event.actor_id)
    add_deliveries(event, listeners, now=now, is_alarm=False)


def channels_that_heard(event: AlertEvent) -> QuerySet[NotificationChannel]:
    """Usable channels with an alarm of this alert that was sent or is going to be, on a route that tells updates."""
    alarms = Delivery.objects.filter(alert=event.alert_id, is_alarm=True, event__seq__lt=event.seq)
    closed = AlertEvent.objects.filter(alert=event.alert_id, seq__lt=event.seq, state_after="closed")
    last_closed = closed.aggregate(seq=Max("seq"))["seq"]
    if last_closed is not None:
        alarms = alarms.filter(event__seq__gt=last_closed)
    heard = alarms.exclude(state=State.DROPPED).values("channel")
    silent = NotificationRoute.objects.filter(tells_updates=False, is_enabled=True).values("channels")
    speaks = NotificationRoute.objects.filter(tells_updates=True, is_enabled=True).values("channels")
    usable = NotificationChannel.objects.usable().filter(pk__in=heard)
    only_silent = usable.filter(pk__in=silent).exclude(pk__in=speaks)
    return usable.exclude(pk__in=only_silent.values("pk"))


def _unsent(event: AlertEvent) -> QuerySet[Delivery]:
    return Delivery.objects.filter(alert=event.alert_id, state__in=Delivery.UNSENT)


def _drop(deliveries: QuerySet[Delivery], why: str) -> None:
    deliveries.filter(state__in=Delivery.UNSENT).update(state=State.DROPPED, note=why)


def _raise_floor(now: datetime) -> None:
    """Events that are routed and settled need not be looked for again; what says so of them is not needed then."""
    oldest = unrouted().order_by().aggregate(pk=Min("pk"))["pk"]
    settled = RoutedEvent.objects.filter(event__at__lt=now - SETTLED, routed_at__lt=now - SETTLED)
    if oldest is not None:
        settled = settled.filter(pk__lt=oldest)
    newest = settled.aggregate(pk=Max("pk"))["pk"]
    if newest is None:
        return
    # Whatever is below and younger is not visible yet or not settled: the floor stays under it.
    floor = RoutingFloor.objects.values_list("event_pk", flat=True).first() or 0
    young = AlertEvent.objects.filter(pk__gt=floor, pk__lt=newest, at__gte=now - SETTLED)
    below = young.aggregate(pk=Min("pk"))["pk"]
    floor = newest if below is None else below - 1
    with transaction.atomic():
        RoutingFloor.objects.update_or_create(pk=1, defaults={"event_pk": floor})
        settled.filter(pk__lte=floor).delete()
