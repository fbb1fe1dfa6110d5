"""The first page of the administration: how the system itself is doing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from alerts.models import ReviewFailure
from alerts.tests.alert_scenes import detected
from ingestion.models import Upload
from mlcore.models import Detector, ScoringFailure, TrainingAttempt, TrainingFailure
from smart_ems.celery import app
from smart_ems.dashboard import system_health
from substations.models import PendingRange, Substation

from .scene import SignIn, text

pytestmark = pytest.mark.django_db
URL = "/admin/"
QUERIES = 38


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    lengths = {"default": 3, "ml": 1200}
    monkeypatch.setattr(system_health, "queue_lengths", lambda: lengths)
    return lengths


def lines() -> dict[str, tuple[str, str]]:
    panels = system_health.read(now=timezone.now())
    return {line.label: (line.value, line.state) for panel in panels for line in panel.lines}


def upload(number: int, **values: Any) -> Upload:
    fields = {"original_name": "a.csv", "size": 2048, "sha256": "0", "fingerprint": str(number)}
    return Upload.objects.create(**(fields | values))


def test_it_is_for_staff(signed_in: SignIn) -> None:
    assert Client().get(URL).status_code == 302
    assert signed_in("engineer").get(URL).status_code == 302


def test_an_empty_system_has_figures_too(admin_client: Client) -> None:
    page = text(admin_client.get(URL))
    for said in ("Pending work", "Files, last 24 hours", "Models", "Space", "Last training", "Recent actions"):
        assert said in page


def test_queues_and_what_waits_in_the_database() -> None:
    substation = Substation.objects.create(code="A")
    now = timezone.now()
    for minutes in (1, 12):
        pending = PendingRange.objects.create(substation=substation, start=now, end=now)
        PendingRange.objects.filter(pk=pending.pk).update(created_at=now - timedelta(minutes=minutes, seconds=5))
    found = lines()
    assert found["Queue “default”"] == ("3", "")
    assert found["Queue “ml”"] == ("1200", "warning")
    assert found["Scoring backlog"] == ("2", "")
    assert found["Oldest waiting for"] == ("12 min", "warning")


def test_how_scoring_stands_in_words_and_whom_it_fails_for() -> None:
    assert lines()["Scoring"] == ("keeps up", "")
    substation, now = Substation.objects.create(code="A"), timezone.now()
    PendingRange.objects.create(substation=substation, start=now, end=now)
    PendingRange.objects.update(created_at=now - timedelta(minutes=6))
    assert lines()["Scoring"] == ("lags behind", "warning")
    since = now - timedelta(minutes=30, seconds=5)
    ScoringFailure.objects.create(
        substation=substation, reason="ValueError: no", first_failed_at=since, failed_at=now, retry_at=now
    )
    found = lines()
    assert found["Scoring"] == ("1 substation cannot be judged", "critical")
    assert found["A, for 30 min"] == ("ValueError: no", "critical")


def test_files_of_a_day_by_how_they_ended() -> None:
    now = timezone.now()
    upload(1, state="loading")
    upload(2, state="loaded", finished_at=now, rows_read=1500, rows_bad=7)
    upload(3, state="failed", finished_at=now)
    upload(4, state="failed", finished_at=now - timedelta(days=2))
    upload(5, state="waiting")
    found = lines()
    assert (found["Running"], found["Loaded"], found["Failed"]) == (("1", ""), ("1", ""), ("1", "critical"))
    assert found["Waiting for answers"] == ("1", "")
    assert found["Rows read, of which rejected"] == ("1,500 / 7", "")


def test_models_by_tier_refused_and_broken_off() -> None:
    now = timezone.now()
    values = {"trained_from": now, "trained_until": now, "row_count": 1, "arrays": b"", "sha256": ""}
    for code, tier in (("A", "own"), ("B", "own"), ("C", "regression")):
        substation = Substation.objects.create(code=code)
        Detector.objects.create(substation=substation, version=1, tier=tier, is_active=True, **values)
    Detector.objects.create(substation=substation, version=2, broken_reason="bad checksum", **values)
    Substation.objects.create(code="D")
    TrainingAttempt.objects.create(substation=substation, claimed_until=now - timedelta(hours=1))
    found = lines()
    assert (found["Own network"], found["Own regression"]) == (("2", ""), ("1", ""))
    assert found["Substations without a model"] == ("1", "")
    assert found["Invalid models"] == ("1", "warning")
    assert found["Trainings interrupted"] == ("1", "warning")
    assert found["Drifted"] == ("0", "")


def test_who_could_not_be_trained_and_what_no_alert_could_follow() -> None:
    found = lines()
    assert found["Substations that could not be trained"] == ("0", "")
    assert "Detections that no alert could follow" not in found
    now, substation = timezone.now(), Substation.objects.create(code="A")
    times = {"first_failed_at": now - timedelta(minutes=30, seconds=5), "failed_at": now, "retry_at": now}
    TrainingFailure.objects.create(substation=substation, reason="MemoryError", **times)
    found = lines()
    assert found["Substations that could not be trained"] == ("1", "critical")
    assert found["A, for 30 min"] == ("MemoryError", "critical")
    detection = detected(Substation.objects.create(code="B"))
    ReviewFailure.objects.create(detection=detection, reason="KeyError: 'x'", **times)
    found = lines()
    assert found["Detections that no alert could follow"] == ("1", "critical")
    assert found["B, for 30 min"] == ("KeyError: 'x'", "critical")


@pytest.mark.parametrize(("most", "is_said"), [(1, True), (0, False)])
def test_a_large_fleet_is_not_searched_for_drift(monkeypatch: pytest.MonkeyPatch, most: int, is_said: bool) -> None:
    monkeypatch.setattr(system_health, "MAX_LOOKED_AT", most)
    now = timezone.now()
    Detector.objects.create(
        substation=Substation.objects.create(code="A"), version=1, is_active=True, trained_from=now, trained_until=now,
        row_count=1, arrays=b"", sha256="",
    )  # fmt: skip
    assert ("Drifted" in lines()) is is_said


def test_without_a_broker_the_page_says_so(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_health, "queue_lengths", lambda: None)
    answer = admin_client.get(URL)
    assert answer.status_code == 200
    assert "unreachable" in text(answer)


def test_a_part_that_fails_leaves_the_others(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise DatabaseError("no such table")

    monkeypatch.setattr(system_health, "database_bytes", fail)
    page = text(admin_client.get(URL))
    assert "no such table" in page
    assert "Last training" in page


def test_a_full_disk_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"total": 100 * 2**30, "free": 2**30})
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    assert lines()["Free disk space"][1] == "critical"


def test_the_number_of_queries_does_not_grow(admin_client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        upload(number)
        Substation.objects.create(code=f"S{number}")
    with django_assert_max_num_queries(QUERIES):
        admin_client.get(URL)


def test_a_broker_that_is_not_there_is_noticed_within_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(app.conf, "broker_url", f"redis+socket://{tmp_path}/none.sock")
    monkeypatch.setattr(app.conf, "broker_read_url", f"redis+socket://{tmp_path}/none.sock")
    assert system_health.queue_lengths() is None
