"""From alert events to the arrays that the figures of alarms are computed from, a day at a time.

A day is worked out again when an event comes for an alert that was announced on it: what it says (who took it on, when
it was over) may have changed. Nobody has to announce that: new events are found by their number.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zlib import crc32

import numpy as np
from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from mlcore.models import METER_CAUSES, Cause, Detection

from . import kpi_figures
from .kpi_figures import ALARM, Alarms
from .lifecycle import Transition
from .models import AlarmDay, Alert, AlertEvent, Resolution

KINDS, CAUSES = tuple(Detection.Kind.values), tuple(Cause.values)
"""What the numbers of the arrays stand for: places in these."""

LAYOUT = crc32(repr((ALARM.descr, KINDS, CAUSES)).encode()) & 0x7FFF
"""Another one where columns, kinds or causes are others: what was stored in it is worked out again."""

# Numbers are given before a transaction ends: look back further than to the newest that was seen.
OVERLAP_EVENTS = 2000
# chosen: some seconds of work; the next round does the next.
MAX_DAYS_A_ROUND = 60

COMINGS = Q(announces=True) | Q(action=Transition.RETURN)
# As ``services`` judges a resolution: a fault of the meter makes a finding that is not about data a false one.
OF_METER = Q(classification__in=[*METER_CAUSES, Resolution.METER_FAULT])
ABOUT_DATA = Q(alert__kind__in=[Detection.Kind.METER, Detection.Kind.DATA_MISSING])
FALSE = Q(outcome=Resolution.Outcome.FALSE_ALARM) | (OF_METER & ~ABOUT_DATA)
STEPS = {Transition.RAISE: kpi_figures.RAISED, Transition.REOPEN: kpi_figures.REOPENED}


def refresh(*, now: datetime, at_most: int = MAX_DAYS_A_ROUND) -> int:
    """Mark the days that new events concern, and work out the newest ones; how many were worked out."""
    mark()
    days = AlarmDay.objects.filter(is_pending=True).order_by("-day").values_list("day", flat=True)[:at_most]
    for day in list(days):
        work_out(day, now=now)
    return len(days)


@transaction.atomic
def mark() -> None:
    """Say of each day whether an event has come since that concerns one of its alerts."""
    newest = AlertEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    seen = AlarmDay.objects.aggregate(seen=Max("events_until"))["seen"]
    if seen is not None and newest == seen and not AlarmDay.objects.exclude(layout=LAYOUT).exists():
        return
    events = AlertEvent.objects.filter(_concerns_a_day())
    if seen is not None:
        fresh = AlertEvent.objects.filter(pk__gt=seen - OVERLAP_EVENTS)
        events = events.filter(alert__in=fresh.values("alert"))
    days = set(events.order_by().annotate(on=TruncDate("at", tzinfo=zone())).values_list("on", flat=True).distinct())
    days |= set(AlarmDay.objects.exclude(layout=LAYOUT).values_list("day", flat=True))
    marked = [AlarmDay(day=day, is_pending=True, events_until=newest) for day in days]
    AlarmDay.objects.bulk_create(
        marked, update_conflicts=True, unique_fields=["day"], update_fields=["is_pending", "events_until"]
    )


def _concerns_a_day() -> Q:
    return COMINGS | Q(action=Transition.RECORD, alert__closure=Alert.Closure.FLEETING)


def zone() -> Any:
    return timezone.get_default_timezone()


def bounds(day: date) -> tuple[datetime, datetime]:
    """When a day of the site begins, and the next one."""
    begin = [datetime.combine(each, time.min, tzinfo=zone()) for each in (day, day + timedelta(days=1))]
    return begin[0], begin[1]


@transaction.atomic
def work_out(day: date, *, now: datetime) -> None:
    """Store the rows of one day. What is marked meanwhile stays marked: the row is locked until this is done."""
    if connection.features.has_select_for_update:
        AlarmDay.objects.select_for_update().get(pk=day)
    rows = rows_of(*bounds(day))
    AlarmDay.objects.filter(pk=day).update(
        is_pending=False, layout=LAYOUT, rows=zlib.compress(rows.tobytes(), 1), made_at=now
    )


def rows_of(start: datetime, end: datetime) -> Alarms:
    """What came with ``start <= at < end``, as ``kpi_figures.ALARM``. Three queries."""
    comings = AlertEvent.objects.filter(_concerns_a_day(), at__gte=start, at__lt=end)
    event = ("alert", "seq", "at", "event_time", "action", "announces", "severity_after")
    about = ("alert__substation", "alert__substation__reading_interval_s", "alert__kind", "alert__cause")
    found = list(comings.values_list(*event, *about))
    concerned = comings.values("alert")
    false = set(Resolution.objects.filter(FALSE, alert__in=concerned).values_list("alert", flat=True))
    later: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    events = AlertEvent.objects.filter(alert__in=concerned).order_by("alert", "seq")
    for alert, *rest in events.values_list(*event[:-1], "state_after"):
        later[alert].append(tuple(rest))
    return np.array([_row(each, later[each[0]], each[0] in false) for each in found], dtype=ALARM)


def _row(coming: Sequence[Any], events: Iterable[tuple[Any, ...]], is_false: bool) -> tuple[Any, ...]:
    alert, seq, at, began, action, announces, severity, substation, interval_s, kind, cause = coming
    acknowledged = closed = cleared = None
    is_mine = True  # until it is announced again
    for later_seq, later_at, event_time, later_action, again, state in events:
        if later_seq <= seq:
            continue
        is_mine = is_mine and not again
        if is_mine and acknowledged is None and later_action == Transition.ACKNOWLEDGE:
            acknowledged = later_at
        if cleared is None and later_action == Transition.CLEAR:
            cleared = event_time
        if closed is None and state == "closed":
            closed = later_at
    is_raise = action == Transition.RAISE
    return (
        int(at.timestamp()), alert, substation, interval_s, KINDS.index(kind), CAUSES.index(cause), severity,
        _step(action, announces), _seconds(at, acknowledged), _seconds(at, closed if is_raise else None),
        _seconds(began, cleared if is_raise else None), is_false,
    )  # fmt: skip


def _step(action: str, announces: bool) -> int:
    if action == Transition.RECORD:
        return kpi_figures.FLEETING
    if not announces:
        return kpi_figures.HELD
    return STEPS.get(Transition(action), kpi_figures.ANNOUNCED_AGAIN)


def _seconds(begin: datetime, end: datetime | None) -> float:
    return float("nan") if end is None else max(0.0, (end - begin).total_seconds())


def read(start: datetime | None, end: datetime) -> Alarms:
    """The stored rows of every day that touches the period (None: from the first on)."""
    days = AlarmDay.objects.filter(layout=LAYOUT, day__lte=end.astimezone(zone()).date())
    if start is not None:
        days = days.filter(day__gte=start.astimezone(zone()).date())
    stored = [zlib.decompress(rows) for rows in days.order_by("day").values_list("rows", flat=True)]
    return np.frombuffer(b"".join(stored), dtype=ALARM)
