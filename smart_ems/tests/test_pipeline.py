"""What each stage dispatches, and the sweep that starts what is left over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from alerts.tests.alert_scenes import detected
from ingestion.models import Upload
from mlcore import services as mlcore
from mlcore.tests.test_views import model
from mlcore.training import sensitivity_runs
from smart_ems import pipeline
from smart_ems.celery import app
from smart_ems.dashboard.tests.scene import station
from smart_ems.pipeline import _dispatch
from substations.models import PendingRange, Reading, StaleRange, Substation

pytestmark = pytest.mark.django_db
Capture = Callable[..., AbstractContextManager[Any]]
Dispatched = list[list[str]]


@pytest.fixture
def dispatched(monkeypatch: pytest.MonkeyPatch) -> Dispatched:
    """The chains of tasks that were sent."""
    sent: Dispatched = []
    monkeypatch.setattr(pipeline, "_dispatch", lambda *tasks: sent.append([name for name, _args in tasks]))
    return sent


def swept(dispatched: Dispatched, commit: Capture) -> Dispatched:
    dispatched.clear()
    with commit(execute=True):
        pipeline.sweep()
    return dispatched


def test_every_name_is_that_of_a_task_and_goes_to_its_queue() -> None:
    app.loader.import_default_modules()
    for name in (pipeline.LOAD, pipeline.SCORE, pipeline.TRAIN, pipeline.SENSITIVITY, pipeline.REVIEW, pipeline.NOTIFY):
        assert name in app.tasks
    router = app.amqp.router
    assert router.route({}, pipeline.TRAIN)["queue"].name == router.route({}, pipeline.SCORE)["queue"].name == "ml"
    assert "queue" not in router.route({}, pipeline.LOAD) or router.route({}, pipeline.LOAD)["queue"].name == "default"


def test_every_periodic_task_exists() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


@pytest.mark.parametrize(
    ("start", "chain"),
    [
        (lambda: pipeline.upload_received(7), [pipeline.LOAD]),
        (pipeline.readings_arrived, [pipeline.SCORE, pipeline.REVIEW, pipeline.NOTIFY, pipeline.ACCOUNT]),
        (
            pipeline.training_wanted,
            [pipeline.TRAIN, pipeline.SCORE, pipeline.REVIEW, pipeline.NOTIFY, pipeline.ACCOUNT],
        ),
        (pipeline.detections_changed, [pipeline.REVIEW, pipeline.NOTIFY]),
        (pipeline.sensitivity_wanted, [pipeline.SENSITIVITY]),
        (pipeline.hours_waiting, [pipeline.ACCOUNT]),
        (pipeline.notifications_waiting, [pipeline.NOTIFY]),
    ],
)
def test_a_stage_is_dispatched_once_the_rows_are_visible(
    dispatched: Dispatched, django_capture_on_commit_callbacks: Capture, start: Callable[[], None], chain: list[str]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        start()
        assert dispatched == []
    assert dispatched == [chain]


def test_what_is_rolled_back_dispatches_nothing(
    dispatched: Dispatched, django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        outer = transaction.atomic()
        outer.__enter__()
        pipeline.readings_arrived()
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)
    assert dispatched == []


def test_an_idle_system_dispatches_nothing(dispatched: Dispatched, django_capture_on_commit_callbacks: Capture) -> None:
    station("A")
    assert swept(dispatched, django_capture_on_commit_callbacks) == []


def test_the_sweep_starts_an_upload_that_waits(
    dispatched: Dispatched, django_capture_on_commit_callbacks: Capture
) -> None:
    Upload.objects.create(
        original_name="a.csv", size=1, sha256="0" * 64, fingerprint="0" * 64, state=Upload.State.QUEUED,
        queued_at=timezone.now() - timedelta(minutes=5),
    )  # fmt: skip
    assert swept(dispatched, django_capture_on_commit_callbacks) == [[pipeline.LOAD]]


def test_the_sweep_starts_readings_that_were_not_scored(
    dispatched: Dispatched, django_capture_on_commit_callbacks: Capture
) -> None:
    now = timezone.now()
    PendingRange.objects.create(substation=station("A"), start=now, end=now)
    assert swept(dispatched, django_capture_on_commit_callbacks) == [
        [pipeline.SCORE, pipeline.REVIEW, pipeline.NOTIFY, pipeline.ACCOUNT]
    ]


@pytest.mark.parametrize("ranges", [PendingRange, StaleRange])
def test_the_sweep_forgets_a_range_whose_substation_was_deleted_meanwhile(
    ranges: type[PendingRange] | type[StaleRange], dispatched: Dispatched, django_capture_on_commit_callbacks: Capture
) -> None:
    kept = ranges.objects.create(substation=station("SS-01"), start=timezone.now(), end=timezone.now())
    gone = Substation.objects.latest("pk").pk + 1
    ranges.objects.create(substation_id=gone, start=timezone.now(), end=timezone.now())
    swept(dispatched, django_capture_on_commit_callbacks)
    assert [each.pk for each in ranges.objects.all()] == [kept.pk]


def test_the_sweep_starts_what_was_asked_of_a_model_until_it_is_worked_out(
    dispatched: Dispatched, django_capture_on_commit_callbacks: Capture
) -> None:
    sensitivity_runs.request(model(Substation.objects.create(code="A")))
    assert swept(dispatched, django_capture_on_commit_callbacks) == [[pipeline.SENSITIVITY]]
    mlcore.work_out_sensitivity()
    assert swept(dispatched, django_capture_on_commit_callbacks) == []


def test_the_sweep_starts_hours_that_were_not_accounted(
    dispatched: Dispatched, django_capture_on_commit_callbacks: Capture
) -> None:
    now = timezone.now()
    StaleRange.objects.create(substation=station("A"), start=now, end=now)
    assert swept(dispatched, django_capture_on_commit_callbacks) == [[pipeline.ACCOUNT]]


def test_the_sweep_starts_a_substation_that_can_be_trained(
    dispatched: Dispatched, django_capture_on_commit_callbacks: Capture
) -> None:
    substation = station("A", trained=False)
    Reading.objects.create(substation=substation, at=timezone.now() - timedelta(days=8))
    assert swept(dispatched, django_capture_on_commit_callbacks) == [
        [pipeline.TRAIN, pipeline.SCORE, pipeline.REVIEW, pipeline.NOTIFY, pipeline.ACCOUNT]
    ]


def test_the_sweep_starts_a_detection_that_nobody_reviewed(
    dispatched: Dispatched, django_capture_on_commit_callbacks: Capture
) -> None:
    detected(Substation.objects.create(code="A"))
    assert swept(dispatched, django_capture_on_commit_callbacks) == [[pipeline.REVIEW, pipeline.NOTIFY]]


@pytest.mark.parametrize("tasks", [((pipeline.REVIEW, {}),), ((pipeline.SCORE, {}), (pipeline.REVIEW, {}))])
def test_a_broker_that_is_down_is_logged_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tasks: Any
) -> None:
    def down(*args: object, **values: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("celery.canvas.Signature.apply_async", down)
    monkeypatch.setattr("celery.canvas._chain.apply_async", down)
    _dispatch(*tasks)
    assert f"The broker cannot be reached (connection refused): {tasks[0][0]} waits" in caplog.text


def test_a_request_without_a_broker_is_answered_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
    signed_in: Callable[[str], Client],
    django_capture_on_commit_callbacks: Capture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A real attempt to connect, to a port where nobody listens."""
    monkeypatch.setattr(pipeline, "_dispatch", _dispatch)
    station("A")
    row = {"substation": "A", "at": "2026-03-02T00:00:00Z", "active_power_kw": 1.0}
    client = signed_in("operator")
    with monkeypatch.context() as during:
        during.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
        during.setattr(app, "_pool", None)
        during.setattr(app.amqp, "_producer_pool", None)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post("/api/readings/", row, content_type="application/json")
    assert (answer.status_code, answer.json()[0]["outcome"]) == (200, "accepted")
    assert "The broker cannot be reached" in caplog.text
    assert PendingRange.objects.filter(substation__code="A").exists(), "the next sweep finds it"
