"""The backup of the day: made once, kept as the settings say, and missed by an alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from alerts.models import SystemAlarm
from smart_ems.backups import backup_schedule
from smart_ems.backups.backup_rotation import backups_in, name_of
from smart_ems.backups.installation_data import InstallationData

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("backups")]
NOW = datetime(2026, 11, 26, 3, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Backups of the database of the tests, with files of nobody."""
    from django.db import connection

    from smart_ems.backups import making_backups

    here = InstallationData(tmp_path, connection, {"media": tmp_path / "media"})
    monkeypatch.setattr(making_backups, "this_installation", lambda: here)
    settings.BACKUP_DIR = str(tmp_path / "backups")
    return tmp_path / "backups"


def alarms() -> list[str]:
    return list(SystemAlarm.objects.unresolved().values_list("detail", flat=True))


def test_nothing_is_made_where_no_folder_is_set(settings: Any) -> None:
    settings.BACKUP_DIR = ""
    assert backup_schedule.backup_when_due(now=NOW) is None
    assert backup_schedule.backup_state() is None
    assert alarms() == []


def test_one_a_day_is_made_and_old_ones_go(folder: Path) -> None:
    assert backup_schedule.backup_when_due(now=NOW) is not None
    assert backup_schedule.backup_when_due(now=NOW + 23 * HOUR) is None
    assert backup_schedule.backup_when_due(now=NOW + 24 * HOUR) is not None
    for day in range(2, 40):
        (folder / name_of(NOW - timedelta(days=day), encrypted=False)).write_text("")
    backup_schedule.backup_when_due(now=NOW + 48 * HOUR)
    assert len(backups_in(folder)) < 14
    assert alarms() == []


def test_one_that_fails_is_an_alarm_until_one_is_made(folder: Path) -> None:
    folder.write_text("no folder")
    assert backup_schedule.backup_when_due(now=NOW) is None
    assert backup_schedule.backup_when_due(now=NOW + HOUR) is None
    assert SystemAlarm.objects.count() == 1
    assert "could not be made" in alarms()[0]
    folder.unlink()
    assert backup_schedule.backup_when_due(now=NOW + 2 * HOUR) is not None
    assert alarms() == []
    assert SystemAlarm.objects.get().closed_at == NOW + 2 * HOUR


def test_one_that_cannot_be_encrypted_is_not_made(folder: Path, settings: Any) -> None:
    settings.BACKUP_PASSPHRASE_FILE = "/nowhere"
    assert backup_schedule.backup_when_due(now=NOW) is None
    assert "cannot be read from /nowhere" in alarms()[0]
    assert backups_in(folder) == {}


def test_one_that_is_too_old_is_an_alarm(folder: Path) -> None:
    backup_schedule.backup_when_due(now=NOW)
    backup_schedule.follow("", now=NOW + 35 * HOUR)
    assert alarms() == []
    backup_schedule.follow("", now=NOW + 37 * HOUR)
    assert alarms() == ["The newest backup is 1 d 13 h old."]


def test_the_page_of_the_staff_says_how_old_it_is(folder: Path, admin_client: Client) -> None:
    assert "never" in admin_client.get("/admin/").content.decode()
    backup_schedule.backup_when_due(now=datetime.now(UTC))
    page = admin_client.get("/admin/").content.decode()
    assert "Last backup" in page
    assert "Backups kept" in page
