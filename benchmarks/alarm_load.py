"""Very many alerts, open and closed, made by the database; and what pages and API cost with them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from alerts import alarm_days
from alerts.models import Alert, AlertEvent, Resolution
from mlcore.models import Detection
from smart_ems.scratch import scratch_database
from smart_ems.static import collect_static
from substations.models import Substation

from .large_grid import LOSSES
from .pages import measured

KINDS = ("loss", "meter", "data_missing")
TEMPLATE_SIZE = 2_000
HISTORY = timedelta(days=3 * 365)
ADDRESSES = (
    "/alerts/",
    "/alerts/?severity=critical",
    "/alerts/?range=24h",
    "/alerts/?sort=penalty",
    "/alerts/?substation=L-00017",
    "/alerts/?page=200",
    "/alerts/?tab=shelved",
    "/alerts/line/",
    "/alerts/panel/",
    "/alerts/maintenance/",
    "/alerts/kpis/",
    "/alerts/kpis/?range=all",
    "/alerts/history/?range=30d",
    "/alerts/history/",
    "/alerts/history/trends/",
    "/alerts/{alert}/",
    "/dashboard/counters/",
    "/api/alerts/",
    "/api/alerts/?history=true",
    "/api/alarm-kpis/",
)


def bench_alerts(open_count: int, closed_count: int, repeats: int, server: str = "") -> dict[str, Any]:
    """Measure on a database of its own.

    server: URL of a PostgreSQL server on which a database may be made for it; empty: SQLite.
    """
    collect_static()
    with scratch_database(server=server) if server else scratch_database():
        began = time.perf_counter()
        fill_alerts(open_count, closed_count, timezone.now())
        made = time.perf_counter()
        while alarm_days.refresh(now=timezone.now()):
            pass
        worked_out = time.perf_counter()
        client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        client.force_login(User.objects.filter(is_superuser=True)[0])
        newest = Alert.objects.unresolved().order_by("-pk").values_list("pk", flat=True)[0]
        costs = measured(client, [each.format(alert=newest) for each in ADDRESSES], repeats)
        return {
            "database": connection.vendor,
            "open": Alert.objects.unresolved().count(),
            "closed": Alert.objects.in_history().count(),
            "events": AlertEvent.objects.count(),
            "made_in_s": made - began,
            "days_worked_out_in_s": worked_out - made,
            "pages": [asdict(each) for each in costs],
        }


def fill_alerts(open_count: int, closed_count: int, now: datetime) -> None:
    """Open alerts of the last month, one of each substation and kind; closed ones of three years before it.

    closed_count: rounded up to a multiple of ``TEMPLATE_SIZE``.
    """
    clerk = User.objects.create_superuser("bench", password=None)
    with transaction.atomic():
        grid = Substation.objects.bulk_create(
            Substation(code=f"L-{number:05d}", name=f"Substation {number}", site=f"Site {number % 12}")
            for number in range(max(1, -(-open_count // len(KINDS))))
        )
        opened = [
            _alert(grid[number // len(KINDS)], number, now - timedelta(minutes=4 * number), None)
            for number in range(open_count)
        ]
        _store(opened, clerk)
        if closed_count:
            _store([_closed(grid, number, now) for number in range(TEMPLATE_SIZE)], clerk)
            copies = -(-closed_count // TEMPLATE_SIZE)
            first = Alert.objects.in_history().order_by("pk").values_list("pk", flat=True)[0]
            _copy_closed(first, copies, HISTORY / copies)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _closed(grid: list[Substation], number: int, now: datetime) -> Alert:
    raised_at = now - timedelta(hours=4) - number * (HISTORY / 1000) / TEMPLATE_SIZE
    return _alert(grid[number * 7 % len(grid)], number, raised_at, raised_at + timedelta(hours=2 + number % 30))


def _alert(substation: Substation, number: int, raised_at: datetime, closed_at: datetime | None) -> Alert:
    severity = Detection.Severity.CRITICAL if number % 20 == 0 else Detection.Severity.WARNING
    is_open = closed_at is None
    return Alert(
        substation=substation, kind=KINDS[number % len(KINDS)], cause=LOSSES[number % len(LOSSES)],
        severity_now=severity, severity_peak=severity, raised_at=raised_at, detected_at=raised_at,
        condition="active" if is_open else "cleared", cleared_at=closed_at, closed_at=closed_at,
        closure="" if is_open else "resolved", acknowledged=not is_open or number % 3 == 0, loss_kwh=number % 90,
        reason="Reactive power is 90 kvar above what is expected for this load, hour and weekday.",
    )  # fmt: skip


def _store(alerts: list[Alert], by: User) -> None:
    made = Alert.objects.bulk_create(alerts, batch_size=500)
    AlertEvent.objects.bulk_create((event for alert in made for event in _events(alert, by)), batch_size=2000)
    Resolution.objects.bulk_create(
        (
            Resolution(
                alert=alert, classification="capacitor_bank_failure", root_cause="Fuse blown", resolved_by=by,
                corrective_action="Fuse replaced", outcome="fully_resolved", resolved_at=alert.closed_at,
            )
            for alert in made
            if alert.closed_at
        ),
        batch_size=1000,
    )  # fmt: skip


def _events(alert: Alert, by: User) -> list[AlertEvent]:
    steps: list[tuple[str, datetime, str]] = [("raise", alert.detected_at, "unacknowledged")]
    if alert.acknowledged:
        steps.append(("acknowledge", alert.detected_at + timedelta(minutes=9), "acknowledged"))
    if alert.closed_at:
        steps += [("clear", alert.closed_at, "cleared_latched"), ("resolve", alert.closed_at, "closed")]
    return [
        AlertEvent(
            alert=alert, seq=seq, at=at, event_time=at, action=action, state_after=state, source="web",
            severity_after=alert.severity_peak, announces=action == "raise", actor=by if seq % 2 == 0 else None,
        )
        for seq, (action, at, state) in enumerate(steps, 1)
    ]  # fmt: skip


def _copy_closed(first: int, copies: int, back: timedelta) -> None:
    """Copy closed alerts with their events and resolutions, each copy further back in time."""
    events = AlertEvent.objects.filter(alert__gte=first).order_by("pk").values_list("pk", flat=True)[0]
    found = Resolution.objects.order_by("pk").values_list("pk", flat=True)[0]
    size = TEMPLATE_SIZE
    with _loading_in_bulk():
        for number in range(1, copies):
            moved, event_count = number * size, 4 * size
            _copy_rows(Alert, first, size, moved, back * number, {})
            _copy_rows(AlertEvent, events, event_count, number * event_count, back * number, {"alert_id": moved})
            _copy_rows(Resolution, found, size, moved, back * number, {"alert_id": moved})


@contextmanager
def _loading_in_bulk() -> Iterator[None]:
    """On PostgreSQL: indexes are made afterwards, references to rows that are there are not checked, numbers go on."""
    if connection.vendor != "postgresql":
        yield
        return
    tables = [model._meta.db_table for model in (Alert, AlertEvent, Resolution)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [tables],
        )
        indexes = cursor.fetchall()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        for table in tables:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")  # noqa: S608  (names of our tables)


def _copy_rows(
    model: type[models.Model], first: int, size: int, moved: int, back: timedelta, shifted: dict[str, int]
) -> None:
    quote = connection.ops.quote_name
    fields = [field for field in model._meta.local_concrete_fields if field.column]
    seconds = int(back.total_seconds())
    shifts = {"id": moved, **shifted}
    values = []
    for field in fields:
        column = quote(str(field.column))
        if str(field.column) in shifts:
            values.append(f"{column} + {shifts[str(field.column)]}")
        elif isinstance(field, models.DateTimeField):
            values.append(_earlier(column, seconds))
        else:
            values.append(column)
    names, table = ", ".join(quote(str(field.column)) for field in fields), quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} "  # noqa: S608  (names of our tables)
            f"WHERE id >= {first} AND id < {first + size}"
        )


def _earlier(column: str, seconds: int) -> str:
    if connection.vendor == "postgresql":
        return f"{column} - interval '{seconds} seconds'"
    return f"datetime({column}, '-{seconds} seconds')"


def table(found: dict[str, Any]) -> str:
    """One address a line, the slowest first."""
    lines = [
        f"{found['open']:,} open, {found['closed']:,} closed alerts, {found['events']:,} events, {found['database']}; "
        f"made in {found['made_in_s']:.0f} s, days worked out in {found['days_worked_out_in_s']:.0f} s",
        f"{'median ms':>9} {'worst':>6} {'cpu':>5} {'queries':>7} {'KB':>6}  address",
    ]
    for each in sorted(found["pages"], key=lambda page: -page["median_ms"]):
        mark = f"  answered {each['status']}" if each["status"] != 200 else ""
        lines.append(
            f"{each['median_ms']:9.1f} {each['worst_ms']:6.0f} {each['cpu_ms']:5.0f} {each['queries']:7d} "
            f"{each['kb']:6.0f}  {each['url']}{mark}"
        )
    return "\n".join(lines)
