"""What one person may upload in a day, and that it fits on the disk: refused before anything of a file is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from ingestion import services
from ingestion.models import Upload
from ingestion.tests.samples import GOOD, file_of
from ingestion.upload_quota import MIN_FREE_BYTES, DiskFull, QuotaUsedUp

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture
def sender(person: Callable[[str], User], settings: Any) -> User:
    """An operator who may upload the sample twice in a day."""
    settings.UPLOAD_MAX_BYTES_PER_DAY = 2 * len(GOOD)
    return person("operator")


def send(by: User | None, *, again: bool = True) -> Upload:
    return services.receive(file_of(GOOD), by=by, again=again).upload


def free_disk(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=count))


def test_the_file_that_is_too_much_for_a_day_is_refused_with_used_and_allowed(sender: User, media: Path) -> None:
    send(sender)
    send(sender)
    kept = sorted(media.rglob("*.csv"))
    with pytest.raises(QuotaUsedUp) as refused:
        send(sender)
    assert f"You have used {2 * len(GOOD):,} of the {2 * len(GOOD):,} bytes" in str(refused.value)
    assert f"this file has {len(GOOD):,}" in str(refused.value)
    assert Upload.objects.count() == 2
    assert sorted(media.rglob("*.csv")) == kept


def test_a_day_later_more_may_be_sent(sender: User) -> None:
    send(sender)
    send(sender)
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert send(sender).pk


def test_each_person_has_a_day_of_their_own_and_the_program_none(sender: User) -> None:
    send(sender)
    send(sender)
    other = User.objects.create_superuser("other")
    for by in (other, other, None, None, None):
        assert send(by).pk


def test_what_was_rejected_counts_too(sender: User) -> None:
    """Else a file that nobody can read could be sent for ever."""
    send(sender)
    send(sender)
    Upload.objects.update(state=Upload.State.REJECTED)
    with pytest.raises(QuotaUsedUp):
        send(sender)


def test_a_limit_of_nothing_is_none(sender: User, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES_PER_DAY = 0
    assert [send(sender).pk for _number in range(4)]


def test_a_file_that_would_fill_the_disk_is_refused_with_free_and_needed(
    sender: User, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = 2 * len(GOOD) + MIN_FREE_BYTES
    free_disk(monkeypatch, needed - 1)
    with pytest.raises(DiskFull, match=f"{needed - 1:,} bytes of free disk; {needed:,} are needed"):
        send(sender)
    assert not list(media.rglob("*.csv"))
    free_disk(monkeypatch, needed)
    assert send(sender).pk


def test_the_api_answers_429_and_507_in_words(
    signed_in: SignIn, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("operator")

    def answer() -> tuple[int, str]:
        got = client.post("/api/uploads/", {"file": SimpleUploadedFile("a.csv", GOOD.encode())})
        return got.status_code, got.json()["detail"]

    settings.UPLOAD_MAX_BYTES_PER_DAY = 10
    status, said = answer()
    assert (status, said[:20]) == (429, "You have used 0 of t")
    settings.UPLOAD_MAX_BYTES_PER_DAY = 0
    free_disk(monkeypatch, 1)
    status, said = answer()
    assert (status, said[:20]) == (507, "The server has 1 byt")


def test_the_page_says_so_where_the_file_is_chosen(signed_in: SignIn, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES_PER_DAY = 10
    answer = signed_in("operator").post("/uploads/new/", {"file": SimpleUploadedFile("a.csv", GOOD.encode())})
    assert answer.status_code == 413
    assert "You have used 0 of the 10 bytes" in answer.content.decode()
