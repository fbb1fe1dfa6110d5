"""A large grid with a long past, made fast: what pages are measured on. Call it inside a scratch database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.utils import timezone

from alerts import alarm_days
from alerts.models import Alert, AlertDetection, AlertEvent, Resolution
from ingestion.models import RowProblem, Upload
from ingestion.storage import store
from ingestion.validation import ReadingRows
from mlcore.models import Cause, Detection, Detector, DetectorEvent, Score
from mlcore.scoring.context import moment
from mlcore.scoring.score_storage import COLUMNS, make_months, replace_scores
from substations.electrical.nameplate import NAMEPLATE_FIELDS
from substations.models import Link, PendingRange, Reading, Substation
from substations.partitions import ensure_months
from substations.simulation import Simulation, SimulationSpec, simulate

from .large_grid_costs import fill_costs
from .large_losses import account

TEMPLATES = 25  # simulated; the others are copies of them
SITES = ("North works", "South works", "Harbour", "University", "Old town")
ARTIFACT = bytes(60_000)  # as large as that of a network of its own
CLOSED_EACH, OPEN_EVERY, UPLOADS, PROBLEMS = 8, 6, 400, 5_000
HOUR = timedelta(hours=1)
LOSSES = (Cause.CAPACITOR_FAILURE, Cause.LOW_PF_MOTOR, Cause.PHASE_IMBALANCE, Cause.HARMONIC_INJECTION, Cause.OVERLOAD)
EVIDENCE = {
    "at_peak": {
        "reactive_power_kvar": {"measured": 180.0, "expected": 90.0, "low": 60.0, "high": 115.0, "unit": "kvar"},
        "power_factor": {"measured": 0.81, "expected": 0.95, "low": 0.93, "high": 0.97, "unit": ""},
        "oil_temperature_c": {"measured": 61.0, "expected": 58.0, "low": 52.0, "high": 66.0, "unit": "°C"},
    },
    "contributions": {"reactive": 0.7, "motor": 0.2, "imbalance": 0.1},
    "runner_up": "low_pf_motor",
    "falsified_by": "all steps of the bank carry current",
    "severity": {"loss_pct": 17.0, "critical_from_pct": 15.0},
    "judged_by": {"version": 1, "tier": "own"},
}


def fill(substations: int, days: int) -> None:
    """Substations on several sites with links, readings and scores up to now, models, alerts open and closed, uploads;
    a year of accounted losses.

    substations: rounded up to a multiple of ``TEMPLATES``.
    """
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    spec = SimulationSpec(substations=TEMPLATES, days=days, start=now - timedelta(days=days))
    made = simulate(spec)
    clerk = User.objects.create_superuser("bench", password=None)
    with transaction.atomic():
        grid = _grid(made, -(-substations // TEMPLATES))
        ensure_months(moment(made.times_s[0]), moment(made.times_s[-1]))
        _readings(made, grid)
        _scores(made, grid)
        _models(grid, moment(made.times_s[0]), now)
        _alerts(grid, now, days, clerk)
        fill_costs(grid, now)
        _uploads(now, clerk)
        account(grid, now, hours_of=most_urgent_alert().substation)
    while alarm_days.refresh(now=now):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def fill_readings(substations: int, days: int) -> list[Substation]:
    """Substations with links and readings up to now, and nothing else; rounded up as in ``fill``."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    made = simulate(SimulationSpec(substations=TEMPLATES, days=days, start=now - timedelta(days=days)))
    with transaction.atomic():
        grid = _grid(made, -(-substations // TEMPLATES))
        ensure_months(moment(made.times_s[0]), moment(made.times_s[-1]))
        _readings(made, grid)
    return grid


def most_urgent_alert() -> Alert:
    """Of a substation with a model: the pages of both are measured."""
    known_models = Detector.objects.active().values("substation")
    found = Alert.objects.unresolved().filter(substation__in=known_models).select_related("substation")
    return found.most_urgent_first()[0]


def _grid(made: Simulation, copies: int) -> list[Substation]:
    """Copy after copy; ids follow one another, so that rows of a copy are those of the first moved by a constant."""
    new = [
        Substation(
            code=f"{copy:02d}-{plate.code}",
            name=f"Substation {copy * TEMPLATES + number}",
            site=SITES[copy % len(SITES)],
            time_zone=made.spec.time_zone,
            reading_interval_s=made.spec.step_s,
            received_at=timezone.now(),
            latitude=(plate.latitude or 0.0) + [0, 1, 1, 0, 2][copy % len(SITES)] + copy // len(SITES) / 10,
            longitude=(plate.longitude or 0.0) + [0, 0, 1, 1, 2][copy % len(SITES)] + copy // len(SITES) / 10,
            **{name: getattr(plate, name) for name in NAMEPLATE_FIELDS},
        )
        for copy in range(copies)
        for number, plate in enumerate(made.substations)
    ]
    Substation.objects.bulk_create(new)
    known = {each.code: each for each in new}
    Link.objects.bulk_create(
        Link(source=known.get(f"{copy:02d}-{link.from_node}"), target=target, r_ohm=link.r_ohm, x_ohm=link.x_ohm)
        for copy in range(copies)
        for link in made.links
        if (target := known.get(f"{copy:02d}-{link.to_node}"))
    )
    return new


def _readings(made: Simulation, grid: list[Substation]) -> None:
    ids = np.array([each.pk for each in grid[:TEMPLATES]])
    for steps in np.array_split(np.arange(len(made.times_s)), 8):
        row, step = np.nonzero(np.isfinite(made.values[:, steps]).any(axis=-1))
        at = made.times_s[steps][step].astype("datetime64[s]").astype("datetime64[us]")
        zeros: np.ndarray[Any, np.dtype[np.int64]] = np.zeros(len(row), dtype=np.int64)
        store(ReadingRows(np.arange(len(row)), ids[row], at, made.values[row, steps[step]], zeros))
    PendingRange.objects.all().delete()
    _copy(Reading, grid)


def _scores(made: Simulation, grid: list[Substation]) -> None:
    first, last = moment(made.times_s[0]), moment(made.times_s[-1])
    make_months(first, last)
    blank = dict.fromkeys(COLUMNS)
    for number, substation in enumerate(grid[:TEMPLATES]):
        kw = np.nan_to_num(made.values[number, :, 0])
        rows = [
            tuple(
                (
                    blank
                    | {"substation_id": substation.pk, "at": moment(at_s), "score": 0.3, "channel": "reactive"}
                    | {"status": 0, "expected_power_factor": 0.95, "power_factor_low": 0.93, "power_factor_high": 0.97}
                    | {"expected_reactive_power_kvar": 0.3 * power, "loss_kw": 0.01 * power}
                    | {"extra_loss_kw": 0.0004 * power, "avoidable_loss_kw": 0.001 * power}
                ).values()
            )
            for at_s, power in zip(made.times_s.tolist(), kw.tolist(), strict=True)
        ]
        replace_scores([substation.pk], first, last, rows)
    _copy(Score, grid)


def _copy(model: type[models.Model], grid: list[Substation]) -> None:
    """Give every copy the rows of the first; the database does it without a round trip per row."""
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    known = [field.column for field in model._meta.local_concrete_fields if field.column]
    names = [quote(name) for name in known if name != "substation_id"]
    columns = ", ".join(names)
    first, last = grid[0].pk, grid[TEMPLATES - 1].pk
    with connection.cursor() as cursor:
        for move in range(TEMPLATES, len(grid), TEMPLATES):
            cursor.execute(
                f"INSERT INTO {table} (substation_id, {columns}) SELECT substation_id + {move}, {columns} "  # noqa: S608  (names of our tables)
                f"FROM {table} WHERE substation_id BETWEEN {first} AND {last}"
            )


def _models(grid: list[Substation], start: datetime, now: datetime) -> None:
    """One in fifty has none; each has an older version beside the active one."""
    trained = [each for number, each in enumerate(grid) if number % 50]
    made = Detector.objects.bulk_create(
        (
            Detector(
                substation=each, version=version, tier="own", is_active=version == 2, trained_from=start,
                trained_until=now, row_count=6000, excluded_count=120, threshold=1.0, arrays=ARTIFACT, sha256="0" * 64,
                metrics={"expected_false_alarms_per_month": 0.1, "network_windows": 5000},
            )
            for each in trained
            for version in (1, 2)
        ),
        batch_size=200,
    )  # fmt: skip
    DetectorEvent.objects.bulk_create(DetectorEvent(detector=each, action="trained") for each in made)


def _alerts(grid: list[Substation], now: datetime, days: int, by: User) -> None:
    """A history of each substation, and an open alert of every few."""
    numbers = count()
    closed = [
        _detection(substation, next(numbers), now - (round_ + 1) * timedelta(days=days) / (CLOSED_EACH + 1), now)
        for substation in grid
        for round_ in range(CLOSED_EACH)
    ]
    opened = [_detection(each, next(numbers), now - 5 * HOUR, None) for each in grid[::OPEN_EVERY]]
    found = Detection.objects.bulk_create([*closed, *opened], batch_size=500)
    alerts = Alert.objects.bulk_create([_alert(each, now) for each in found], batch_size=500)
    AlertDetection.objects.bulk_create(
        AlertDetection(alert=alert, detection=each, revision=1) for alert, each in zip(alerts, found, strict=True)
    )
    Resolution.objects.bulk_create(
        Resolution(
            alert=alert, classification="capacitor_failure", root_cause="Fuse blown", resolved_by=by,
            corrective_action="Fuse replaced", outcome="fully_resolved", resolved_at=alert.closed_at,
        )
        for alert in alerts
        if alert.closed_at
    )  # fmt: skip
    AlertEvent.objects.bulk_create((event for alert in alerts for event in _events(alert, by)), batch_size=2000)


def _detection(substation: Substation, number: int, start: datetime, until: datetime | None) -> Detection:
    return Detection(
        substation=substation, kind="loss", cause=LOSSES[number % len(LOSSES)], severity=20 if number % 4 == 0 else 10,
        start=start, end=start + 6 * HOUR if until else None, peak=start + HOUR, loss_kwh=12.0 + number % 40,
        loss_low_kwh=8.0, loss_high_kwh=60.0, loss_pct=9.0, score=1.8, confidence=0.9, evidence=EVIDENCE,
        reason="Reactive power is 90 kvar above what is expected for this load, hour and weekday.",
    )  # fmt: skip


def _alert(episode: Detection, now: datetime) -> Alert:
    is_open = episode.end is None
    names = ("kind", "cause", "loss_kwh", "loss_low_kwh", "loss_high_kwh", "loss_pct", "score", "confidence")
    shared = {name: getattr(episode, name) for name in names}
    return Alert(
        substation=episode.substation, detection=episode, reason=episode.reason, severity_now=episode.severity,
        severity_peak=episode.severity, raised_at=episode.start, detected_at=episode.start + HOUR,
        peak_at=episode.peak, condition="active" if is_open else "cleared", cleared_at=episode.end,
        acknowledged=not is_open, closed_at=None if is_open else episode.end, closure="" if is_open else "resolved",
        **shared,
    )  # fmt: skip


def _events(alert: Alert, by: User) -> Iterator[AlertEvent]:
    """Raised and announced; of closed ones also acknowledged after ten minutes, cleared and resolved."""
    noticed, gone = alert.detected_at, alert.closed_at
    steps: list[tuple[str, datetime, User | None, str]] = [("raise", noticed, None, "unacknowledged")]
    if gone is not None:
        steps += [
            ("acknowledge", noticed + HOUR / 6, by, "acknowledged"),
            ("clear", gone, None, "cleared_latched"),
            ("resolve", gone, by, "closed"),
        ]
    before = ""
    for seq, (action, at, actor, after) in enumerate(steps, 1):
        yield AlertEvent(
            alert=alert, seq=seq, at=at, event_time=at if seq > 1 else alert.raised_at, source="web", action=action,
            actor=actor, state_before=before, state_after=after, severity_after=alert.severity_peak,
            announces=action == "raise",
        )  # fmt: skip
        before = after


def _uploads(now: datetime, by: User) -> None:
    """Loaded files, the newest of them with many rejected rows."""
    made = [
        Upload(
            original_name=f"export-{number:03d}.csv", size=2_000_000, sha256=sha256(b"%d" % number).hexdigest(),
            fingerprint=f"{number:064d}", uploaded_by=by, state="loaded", stage="done", rows_read=9000, rows_new=8800,
            rows_bad=PROBLEMS if number == UPLOADS - 1 else 0, started_at=now, progress_at=now, finished_at=now,
        )
        for number in range(UPLOADS)
    ]  # fmt: skip
    Upload.objects.bulk_create(made)
    RowProblem.objects.bulk_create(
        RowProblem(upload=made[-1], line=line, field="kW", received="n/a", expected="a number")
        for line in range(2, PROBLEMS + 2)
    )
