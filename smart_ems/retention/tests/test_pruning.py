"""One run: each kind by its own setting, under a lease, and no longer than it may."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from alerts.models import SystemAlarm
from ingestion.models import Upload
from smart_ems.accounts.security_event_models import SecurityEvent
from smart_ems.env import days_or_for_ever
from smart_ems.retention import pruning, row_pruning
from smart_ems.retention.models import PruningState
from smart_ems.retention.retention_kinds import kinds
from substations.models import Reading

from .retention_scenes import BEFORE, DAY, network

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_pruning, "LOG_FOLDER", tmp_path / "log")


def upload(number: int, *, age_days: int, state: str = "loaded") -> Upload:
    made = Upload(original_name="a.csv", size=3, sha256="0", fingerprint=str(number), state=state)
    made.finished_at = NOW - timedelta(days=age_days)
    made.file.save("a.csv", ContentFile(b"a,b"))
    return made


def test_everything_that_was_measured_is_kept_unless_told_otherwise(settings: Any) -> None:
    assert {kind.name for kind in kinds() if kind.cutoff(NOW)} == {"messages", "sessions", "logs"}
    network()
    upload(1, age_days=9999)
    assert "readings" not in pruning.prune_all(now=NOW + 9999 * DAY)
    assert Reading.objects.count() == 2 * 5 * 96
    assert Upload.objects.get().file


def test_files_of_uploads_that_are_done_go_and_the_uploads_stay(settings: Any) -> None:
    settings.KEEP_FILES_DAYS = 30
    old, young, asking = upload(1, age_days=31), upload(2, age_days=29), upload(3, age_days=31, state="waiting")
    assert pruning.prune_all(now=NOW, only="files") == {"files": 1}
    assert Upload.objects.get(pk=old.pk).file == ""
    assert not default_storage.exists(str(old.file.name))
    assert default_storage.exists(str(young.file.name))
    assert default_storage.exists(str(asking.file.name))
    assert pruning.prune_all(now=NOW, only="files") == {"files": 0}


def test_a_file_that_is_gone_already_holds_nothing_up(settings: Any) -> None:
    settings.KEEP_FILES_DAYS = 30
    default_storage.delete(str(upload(1, age_days=31).file.name))
    assert pruning.prune_all(now=NOW, only="files") == {"files": 1}


def test_sessions_that_ended_go_by_themselves() -> None:
    for number, days in enumerate((-2, -0.5, 3)):
        Session.objects.create(session_key=str(number), session_data="", expire_date=NOW + timedelta(days=days))
    assert pruning.prune_all(now=NOW)["sessions"] == 1
    assert set(Session.objects.values_list("session_key", flat=True)) == {"1", "2"}


def test_events(settings: Any, admin_user: Any) -> None:
    settings.KEEP_EVENTS_DAYS = 100
    for days in (99, 101):
        LogEntry.objects.create(user=admin_user, action_flag=1, action_time=NOW - timedelta(days=days))
        SecurityEvent.objects.create(kind="session_ended", account="a", at=NOW - timedelta(days=days))
        for closed_at in (None, NOW - timedelta(days=days)):
            SystemAlarm.objects.create(
                kind="backup", key=str(days), subject="", link="", raised_at=NOW, closed_at=closed_at
            )
    assert pruning.prune_all(now=NOW, only="events") == {"events": 3}
    assert SystemAlarm.objects.count() == 3


def test_former_log_files_go_and_those_that_are_written_stay(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    for name in ("web.log", "web.log.1", "web.log.2"):
        (tmp_path / "log" / name).write_text("x")
        age_s = 0 if name == "web.log.1" else 91 * 86_400
        os.utime(tmp_path / "log" / name, (NOW.timestamp() - age_s,) * 2)
    assert pruning.prune_all(now=NOW)["logs"] == 1
    assert {path.name for path in (tmp_path / "log").iterdir()} == {"web.log", "web.log.1"}


def test_what_another_worker_is_at_is_left_to_it() -> None:
    PruningState.objects.create(
        kind="sessions", claimed_by=uuid.uuid4(), claimed_until=timezone.now() + timedelta(minutes=1)
    )
    assert "sessions" not in pruning.prune_all(now=NOW)
    PruningState.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert "sessions" in pruning.prune_all(now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_run_ends_when_its_time_is_over_and_the_next_goes_on(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from smart_ems.retention import reading_pruning

    settings.KEEP_READINGS_DAYS = 90
    monkeypatch.setattr(reading_pruning, "PIECE_ROWS", 96)
    list(reading_pruning._drop_months(Reading, BEFORE))  # those that other tests left
    network()
    now = BEFORE + 90 * DAY
    rounds = [pruning.prune_all(now=now, only="readings", run_for_s=-1)["readings"] for _round in range(8)]
    assert rounds == [0] + [96] * 6 + [0]
    state = PruningState.objects.get(kind="readings")
    assert (state.claimed_by, state.pruned_at, state.waits_for) == (None, now, "")


def test_the_task_of_the_hour_measures_once_a_day(settings: Any, django_assert_max_num_queries: Any) -> None:
    network(1, "A")
    pruning.measure_all(now=NOW)
    state = PruningState.objects.get(kind="readings")
    assert (state.rows, state.would_free, state.measured_at) == (96, 0, NOW)
    with django_assert_max_num_queries(1):
        pruning.measure_all(now=NOW + timedelta(hours=19))
    pruning.measure_all(now=NOW + 2000 * DAY)
    assert PruningState.objects.get(kind="readings").would_free == 96


def test_the_page_says_what_a_limit_would_free(admin_client: Client, settings: Any) -> None:
    page = admin_client.get("/admin/retention/").content.decode()
    assert "not measured yet" in page
    network(1, "A")
    pruning.measure_all(now=NOW + 2000 * DAY)
    settings.KEEP_FILES_DAYS = 30
    page = " ".join(admin_client.get("/admin/retention/").content.decode().split())
    assert "EMS_KEEP_READINGS_DAYS" in page
    assert "<td>96</td>" in page
    assert "96 with 730 days" in page
    assert "30 days" in page
    assert "/admin/retention/" in admin_client.get("/admin/").content.decode()


def test_the_page_is_for_staff(signed_in: Callable[[str], Client]) -> None:
    assert Client().get("/admin/retention/").status_code == 302
    assert signed_in("engineer").get("/admin/retention/").status_code == 302


def test_the_command(settings: Any) -> None:
    settings.KEEP_READINGS_DAYS = 90
    network()
    Session.objects.create(session_key="1", session_data="", expire_date=timezone.now() - 3 * DAY)
    out = StringIO()
    call_command("prune", "--dry-run", stdout=out)
    assert "90 days" in out.getvalue()
    assert "for ever (730 days would free)" in out.getvalue()
    assert Reading.objects.count() == 2 * 5 * 96
    call_command("prune", "--only", "sessions", stdout=out)
    assert "Sessions that ended: 1 deleted." in out.getvalue()
    assert Reading.objects.count() == 2 * 5 * 96


@pytest.mark.parametrize(("value", "expected"), [("0", 0), ("90", 90), ("89", None), ("-1", None)])
def test_a_limit_that_judging_could_not_work_with_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: int | None
) -> None:
    monkeypatch.setenv("EMS_KEEP_READINGS_DAYS", value)
    if expected is not None:
        assert days_or_for_ever("EMS_KEEP_READINGS_DAYS", default=0, at_least=90) == expected
        return
    with pytest.raises(ImproperlyConfigured, match=f"received {value} days; expected 0"):
        days_or_for_ever("EMS_KEEP_READINGS_DAYS", default=0, at_least=90)
