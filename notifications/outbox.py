"""From deliveries to messages: what waits for its group, what is held for the morning, what is bundled.

Per channel and round, in one transaction:
 1. In quiet hours everything but critical alarms is held; after them one digest says which of it is still open.
 2. A group is due when its wait is over and its interval has passed; a critical alarm does not wait for the interval.
 3. As many messages are made as the channel may get; if more groups are due, all of them go into one message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.lifecycle import Condition
from alerts.models import Severity

from . import acknowledge_links, message_texts, rate_caps
from .channel_models import NotificationChannel, QuietHours
from .outbox_models import Delivery, OutgoingMessage

State = Delivery.DeliveryState
Kind = OutgoingMessage.MessageKind
Groups = dict[str, list[Delivery]]
STILL_OPEN = gettext_lazy("Still open of what was not sent at its time:")


class _Overtaken(Exception):
    """Another worker put the same deliveries into a message."""


def assemble_due(*, now: datetime) -> int:
    """Put what is due into messages; how many were made."""
    waiting = Delivery.objects.filter(state__in=Delivery.UNSENT, wait_until__lte=now)
    channels = NotificationChannel.objects.filter(pk__in=waiting.values("channel")).select_related(
        "owner__notification_quiet_hours"
    )
    return sum(assemble(channel, now=now) for channel in channels)


def assemble(channel: NotificationChannel, *, now: datetime) -> int:
    """The messages of one channel; none where another worker is at it."""
    try:
        with transaction.atomic():
            return _assemble(channel, now=now)
    except _Overtaken:
        return 0


def _assemble(channel: NotificationChannel, *, now: datetime) -> int:
    unsent = channel.deliveries.filter(state__in=Delivery.UNSENT).select_related("alert", "event")
    unsent = unsent.order_by("alert", "event__seq", "pk")
    if not channel.is_enabled or channel.archived_at:
        unsent.update(state=State.DROPPED, note=_("The channel is not in use."))
        return 0
    waiting, made = list(unsent), 0
    quiet = quiet_hours_of(channel)
    if quiet is not None and quiet.quiet_time.holds(now):
        waiting = _hold_for_morning(waiting, quiet)
    else:
        held = [delivery for delivery in waiting if delivery.state == State.HELD]
        waiting = [delivery for delivery in waiting if delivery.state != State.HELD]
        made = _digest(channel, held, now=now) if held else 0
    return made + _messages(channel, waiting, now=now)


def quiet_hours_of(channel: NotificationChannel) -> QuietHours | None:
    return getattr(channel.owner, "notification_quiet_hours", None) if channel.owner else None


def _hold_for_morning(waiting: Sequence[Delivery], quiet: QuietHours) -> list[Delivery]:
    """Hold what may wait; what may not is returned."""
    passes = [
        delivery
        for delivery in waiting
        if quiet.critical_passes
        and delivery.is_alarm
        and delivery.severity >= Severity.CRITICAL
        and delivery.state == State.WAITING
    ]
    held = {delivery.pk for delivery in waiting} - {delivery.pk for delivery in passes}
    Delivery.objects.filter(pk__in=held, state=State.WAITING).update(state=State.HELD)
    return passes


def _digest(channel: NotificationChannel, held: Sequence[Delivery], *, now: datetime) -> int:
    """One message about what is still open of what was held; the rest is over and is not said any more."""
    still_open = [delivery for delivery in held if _asks_still(delivery)]
    kept = {delivery.pk for delivery in still_open}
    over = [delivery.pk for delivery in held if delivery.pk not in kept]
    Delivery.objects.filter(pk__in=over).update(state=State.DROPPED, note=_("It was over by the morning."))
    if not still_open:
        return 0
    _make(channel, Kind.DIGEST, still_open, now=now, head=STILL_OPEN)
    return 1


def _asks_still(delivery: Delivery) -> bool:
    alert = delivery.alert
    return delivery.is_alarm and alert.state == "unacknowledged" and alert.condition == Condition.ACTIVE


def _messages(channel: NotificationChannel, waiting: Sequence[Delivery], *, now: datetime) -> int:
    groups = _due_groups(channel, _without_those_to_follow(channel, waiting), now=now)
    earlier = channel.messages.exclude(kind=Kind.TEST).filter(created_at__gt=now - rate_caps.WIDEST_WINDOW)
    sent = list(earlier.values_list("created_at", "kind"))
    left = rate_caps.budget([at for at, _kind in sent], channel.per_minute, now)
    parts = list(groups.items())
    if left is not None:
        updates_go = rate_caps.update_may_go([at for at, kind in sent if kind == Kind.UPDATE], now)
        parts = _bundled(groups, left, updates_go=updates_go)
    for name, deliveries in parts:
        _make(channel, _kind(deliveries), deliveries, now=now, group=name)
    return len(parts)


def _bundled(groups: Groups, left: int, *, updates_go: bool) -> list[tuple[str, list[Delivery]]]:
    """At most ``left`` messages: alarms by their groups, updates together; if that is too many, everything in one."""
    alarms = [(name, part) for name, part in groups.items() if _kind(part) == Kind.ALARM]
    updates = [delivery for part in groups.values() if _kind(part) == Kind.UPDATE for delivery in part]
    parts = alarms + ([("", updates)] if updates and updates_go else [])
    if len(parts) <= left:
        return parts
    everything = [delivery for _name, part in parts for delivery in part]
    return [("", everything)] if left else []


def _kind(deliveries: Iterable[Delivery]) -> str:
    return Kind.ALARM if any(delivery.is_alarm for delivery in deliveries) else Kind.UPDATE


def _without_those_to_follow(channel: NotificationChannel, waiting: Sequence[Delivery]) -> list[Delivery]:
    """Without updates whose alarm is still on its way: nobody is told that something is over before that it began."""
    queued = OutgoingMessage.objects.filter(channel=channel, state=OutgoingMessage.MessageState.QUEUED)
    on_the_way = set(Delivery.objects.filter(message__in=queued, is_alarm=True).values_list("alert", flat=True))
    return [delivery for delivery in waiting if delivery.is_alarm or delivery.alert_id not in on_the_way]


def _due_groups(channel: NotificationChannel, waiting: Sequence[Delivery], *, now: datetime) -> Groups:
    """Groups whose time has come, those with the newest critical alarm first."""
    groups: Groups = defaultdict(list)
    for delivery in waiting:
        groups[delivery.group].append(delivery)
    due = {name: deliveries for name, deliveries in groups.items() if _due_at(channel, name, deliveries) <= now}
    return dict(sorted(due.items(), key=lambda item: _urgency(item[1]), reverse=True))


def _due_at(channel: NotificationChannel, group: str, deliveries: Sequence[Delivery]) -> datetime:
    """When the first wait ends; not before the interval since the group's last message, except for a critical alarm."""
    wait_ends = min(delivery.wait_until for delivery in deliveries)
    critical = [each.wait_until for each in deliveries if each.is_alarm and each.severity >= Severity.CRITICAL]
    interval = timedelta(seconds=max(delivery.interval_s for delivery in deliveries))
    of_group = channel.messages.filter(deliveries__group=group, created_at__gt=wait_ends - interval)
    last = of_group.aggregate(at=Max("created_at"))["at"]
    due_at = max(wait_ends, last + interval) if last else wait_ends
    return min([due_at, *critical])


def _urgency(deliveries: Iterable[Delivery]) -> tuple[int, datetime]:
    """Critical before others, then the newest."""
    return max((delivery.severity if delivery.is_alarm else 0, delivery.event.at) for delivery in deliveries)


def _make(
    channel: NotificationChannel,
    kind: str,
    deliveries: Sequence[Delivery],
    *,
    now: datetime,
    group: str = "",
    head: object = "",
) -> OutgoingMessage:
    """Write one message and mark its deliveries, unless another worker did."""
    by_alert: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_alert[delivery.alert_id].append(delivery)
    parts = sorted(by_alert.values(), key=_urgency, reverse=True)
    entries = [_entry(part) for part in parts]
    links = acknowledge_links.links_for(channel, [part[-1] for part in parts], now=now)
    with translation.override(channel.language or settings.LANGUAGE_CODE):
        written = message_texts.write(kind, entries, links, str(head))
    alone = parts[0][0].alert if len(parts) == 1 else None
    message = OutgoingMessage.objects.create(
        channel=channel,
        kind=kind,
        severity=max(delivery.severity for delivery in deliveries),
        group=group,
        thread=alone,
        subject=written.subject,
        text=written.text,
        short=written.short,
        body=written.body,
        created_at=now,
        next_at=now,
    )
    keys = [delivery.pk for delivery in deliveries]
    changes = {"state": State.IN_MESSAGE, "message": message}
    if Delivery.objects.filter(pk__in=keys, state__in=Delivery.UNSENT).update(**changes) != len(keys):
        raise _Overtaken
    return message


def _entry(deliveries: Sequence[Delivery]) -> Mapping[str, Any]:
    """What is said of one alert: the newest of its events, after the words of those that waited with it."""
    by_event = {delivery.event_id: delivery for delivery in deliveries}
    *earlier, last = by_event.values()
    before = [message_texts.news_of(delivery.content) for delivery in earlier]
    asks = any(delivery.is_alarm for delivery in deliveries[-1:])
    return dict(last.content) | {"before": before, "asks": asks}
