"""Policies at work: the next step while nobody acknowledges, reminders while it is acknowledged but still present.

    running ─► finished          every step was taken
       │  └──► stopped           cleared, closed, put aside
       └─────► reminding ─► stopped

A route without a policy may repeat critical alarms: it is running until somebody acknowledges, and then stopped.

Every timer is a time in the database; a step is claimed by a guarded UPDATE in the transaction that writes its
deliveries, so that it is taken once however many workers look.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerts.lifecycle import Condition
from alerts.models import Alert, AlertEvent

from .channel_models import NotificationChannel
from .delivery_rows import add_deliveries, given_to, is_too_old
from .event_meaning import ASKS
from .on_call_models import EscalationPolicy, OnCallRotation
from .outbox_models import Delivery
from .route_models import Escalation, NotificationRoute

State = Escalation.EscalationState
Reason = Delivery.DeliveryReason


def start(event: AlertEvent, route: NotificationRoute, policy: EscalationPolicy) -> Escalation | None:
    """Begin a policy for an alarm, with its steps as they are now; one that is running goes on undisturbed."""
    of_policy = Escalation.objects.filter(alert=event.alert_id, policy=policy)
    if of_policy.filter(state=State.RUNNING).exists():
        return None
    of_policy.exclude(state=State.STOPPED).update(state=State.STOPPED, next_at=None)
    steps = policy.snapshot()
    return Escalation.objects.create(
        alert_id=event.alert_id,
        event=event,
        policy=policy,
        route=route,
        policy_name=policy.name,
        steps=steps,
        reminder_minutes=policy.reminder_minutes,
        state=State.RUNNING,
        next_at=event.at + _minutes(steps[0]["after_minutes"]) if steps else None,
        created_at=event.at,
    )


def start_repeating(event: AlertEvent, route: NotificationRoute) -> Escalation | None:
    """Begin to repeat an alarm on a route that has no policy; one that is repeated already goes on undisturbed."""
    if Escalation.objects.filter(alert=event.alert_id, route=route, policy_name="", state=State.RUNNING).exists():
        return None
    return Escalation.objects.create(
        alert_id=event.alert_id,
        event=event,
        route=route,
        reminder_minutes=route.reminder_minutes,
        state=State.RUNNING,
        next_at=event.at + _minutes(route.reminder_minutes),
        created_at=event.at,
    )


def acknowledged(event: AlertEvent, *, now: datetime) -> None:
    """Somebody is on it: no further step; where the policy reminds, the first reminder is set."""
    for escalation in under_way(event.alert_id):
        reminds = escalation.reminder_minutes > 0 and not escalation.is_repeat
        Escalation.objects.filter(pk=escalation.pk).update(
            state=State.REMINDING if reminds else State.STOPPED,
            next_at=event.at + _minutes(escalation.reminder_minutes) if reminds else None,
        )


def stop(alert_pk: int) -> None:
    under_way(alert_pk).update(state=State.STOPPED, next_at=None)


def under_way(alert_pk: int) -> QuerySet[Escalation]:
    return Escalation.objects.filter(alert=alert_pk, state__in=Escalation.UNDER_WAY)


def due(now: datetime) -> QuerySet[Escalation]:
    return Escalation.objects.filter(next_at__lte=now, state__in=(State.RUNNING, State.REMINDING))


def take_due_steps(*, now: datetime) -> int:
    """Take every step and send every reminder that is due; how many. A step that reaches nobody passes on at once."""
    count = 0
    waiting = due(now).select_related("alert__substation", "alert__penalty", "event__actor").order_by("next_at")
    for escalation in waiting:
        while escalation.next_at is not None and escalation.next_at <= now and _take(escalation, now=now):
            count += 1
    return count


@transaction.atomic
def _take(escalation: Escalation, *, now: datetime) -> bool:
    """Whether this worker took it."""
    if not _still_needed(escalation.alert, escalation.state) or is_too_old(escalation.event, now):
        return _moved(escalation, state=State.STOPPED, next_at=None)
    if escalation.state == State.REMINDING:
        return _remind(escalation, now=now)
    if escalation.is_repeat:
        return _repeat(escalation, now=now)
    return _step(escalation, now=now)


def _still_needed(alert: Alert, state: str) -> bool:
    if state == State.REMINDING:
        return alert.acknowledged and alert.condition == Condition.ACTIVE and alert.state == "acknowledged"
    return alert.state == ASKS


def _step(escalation: Escalation, *, now: datetime) -> bool:
    number = escalation.next_step
    channels = given_to(escalation.alert, reached_by(escalation.steps[number], now))
    following = escalation.steps[number + 1] if number + 1 < len(escalation.steps) else None
    # An event of a clock that was ahead began no later than the step that is due.
    begun = min(escalation.event.at, now - _minutes(escalation.steps[number]["after_minutes"]))
    next_at = begun + _minutes(following["after_minutes"]) if following else None
    note = ""
    if not channels:
        note = _("Step %(number)d reached nobody.") % {"number": number + 1}
        next_at = now if following else None
    state = State.RUNNING if following else State.FINISHED
    if not _moved(escalation, state=state, next_at=next_at, note=note or escalation.note):
        return False
    add_deliveries(escalation.event, channels, now=now, reason=Reason.STEP, number=number + 1)
    return True


def _remind(escalation: Escalation, *, now: datetime) -> bool:
    number = escalation.next_step
    if not _moved(escalation, state=State.REMINDING, next_at=now + _minutes(escalation.reminder_minutes)):
        return False
    heard = Delivery.objects.filter(alert=escalation.alert_id, is_alarm=True).exclude(state="dropped").values("channel")
    channels = NotificationChannel.objects.usable().filter(pk__in=heard)
    title = _("Acknowledged, still present")
    values = {"reason": Reason.REMINDER, "number": number + 1, "is_alarm": False, "title": title}
    add_deliveries(escalation.event, channels, now=now, **values)  # type: ignore[arg-type]  # each has its own type
    return True


def _repeat(escalation: Escalation, *, now: datetime) -> bool:
    """Say it once more to the channels of the route as it is now; one that repeats no more ends it."""
    route = escalation.route
    if route is None or not route.is_enabled or not route.repeats(escalation.event.severity_after):
        return _moved(escalation, state=State.STOPPED, next_at=None)
    number = escalation.next_step
    if not _moved(escalation, state=State.RUNNING, next_at=now + _minutes(route.reminder_minutes)):
        return False
    values = {"reason": Reason.REMINDER, "number": number + 1, "title": _("Still not acknowledged")}
    add_deliveries(escalation.event, route.channels.usable(), now=now, **values)  # type: ignore[arg-type]  # as above
    return True


def _moved(escalation: Escalation, *, state: str, next_at: datetime | None, note: str = "") -> bool:
    """Whether it stood where it was read, and stands one further now."""
    where_it_was = Escalation.objects.filter(
        pk=escalation.pk, state=escalation.state, next_step=escalation.next_step, next_at=escalation.next_at
    )
    changes = {"state": state, "next_step": escalation.next_step + 1, "next_at": next_at, "note": note}
    if where_it_was.update(**changes) != 1:
        return False
    for name, value in changes.items():
        setattr(escalation, name, value)
    return True


def reached_by(step: Mapping[str, Any], now: datetime) -> list[NotificationChannel]:
    """The channels in use of a step: its own, its person's, or those of whoever is on call now."""
    usable = NotificationChannel.objects.usable()
    if step["channel"]:
        return list(usable.filter(pk=step["channel"]))
    person = step["user"]
    if step["rotation"]:
        rotation = OnCallRotation.objects.filter(pk=step["rotation"]).first()
        on_call: User | None = rotation.on_call(now) if rotation else None
        person = on_call.pk if on_call else None
    return list(usable.filter(owner=person, owner__is_active=True)) if person else []


def _minutes(count: int | None) -> timedelta:
    return timedelta(minutes=count or 0)
