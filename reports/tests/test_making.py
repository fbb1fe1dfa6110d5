"""Making reports: a row that waits becomes files, whatever happens to a worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.utils import timezone

from reports import making, services
from reports.models import Report
from reports.tasks import make_reports

from .report_scenes import grid, made, march

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _grid() -> None:
    grid()


def test_a_report_that_is_wanted_becomes_two_files_that_are_kept() -> None:
    report = made(march(site="Mill"))
    assert (report.progress_pct, report.attempts, report.claimed_by) == (100, 1, None)
    assert str(report.paper.name).endswith("/losses-mill-2026-03.pdf")
    assert str(report.sheet.name).endswith("/losses-mill-2026-03.xlsx")
    assert report.paper.read().startswith(b"%PDF-")
    assert report.finished_at is not None


def test_a_second_time_nothing_is_made() -> None:
    made(march())
    assert making.make_pending() == 0


def test_the_same_report_is_not_queued_twice_while_it_waits() -> None:
    first = march()
    assert march().pk == first.pk
    assert march(site="Mill").pk != first.pk
    made(first)
    assert march().pk != first.pk


def test_what_a_killed_worker_held_is_made_by_the_next_one() -> None:
    report = march()
    now = timezone.now()
    dead = {"state": "making", "attempts": 1, "claimed_by": "0" * 32}
    Report.objects.filter(pk=report.pk).update(**dead, claimed_until=now + timedelta(minutes=1))
    assert not services.has_pending()
    assert making.make_pending() == 0
    Report.objects.filter(pk=report.pk).update(claimed_until=now - timedelta(seconds=1))
    assert services.has_pending()
    assert made(report).attempts == 2


def test_what_killed_three_workers_is_said_to_have_failed() -> None:
    report = march()
    Report.objects.filter(pk=report.pk).update(state="making", attempts=3, claimed_until=timezone.now())
    assert making.make_pending() == 0
    report.refresh_from_db()
    assert (report.state, report.reason[:9]) == ("failed", "3 workers")


def test_a_report_that_cannot_be_made_says_why_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = march(site="Mill"), march(site="Port")
    content_of = making.content_of

    def fail_for_one(report: Report) -> Any:
        if report.pk == broken.pk:
            raise ValueError("no paper")
        return content_of(report)

    monkeypatch.setattr(making, "content_of", fail_for_one)
    made(sound)
    broken.refresh_from_db()
    assert (broken.state, broken.reason) == ("failed", "ValueError: no paper")
    assert services.queue_again(broken)
    assert not services.queue_again(sound)
    monkeypatch.setattr(making, "content_of", content_of)
    assert made(broken).reason == ""


def test_no_report_is_to_blame_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    report = march()

    def away(report: Report) -> Any:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(making, "content_of", away)
    with pytest.raises(OperationalError):
        making.make_pending()
    report.refresh_from_db()
    assert report.state == "making"


def test_a_worker_that_lost_its_lease_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    report = march()
    files = making._files

    def lose(report: Report, token: Any) -> Any:
        found = files(report, token)
        Report.objects.filter(pk=report.pk).update(claimed_by="1" * 32)
        return found

    monkeypatch.setattr(making, "_files", lose)
    first = Report.objects.get(pk=report.pk)
    token = making._claim(first)
    assert token is not None
    assert not making._make(first, token)
    report.refresh_from_db()
    assert (report.state, bool(report.paper)) == ("making", False)
    folder = timezone.now().strftime(f"reports/%Y/%m/{report.pk}")
    assert default_storage.listdir(folder)[1] == []


def test_names_of_files_are_of_letters_that_every_system_takes() -> None:
    report = Report(pk=7, kind="monthly", site="../Łódź / №1", first_day="2026-03-01")
    assert "/" not in making.file_name(report)
    assert ".." not in making.file_name(report)


def test_the_task_makes_what_waits_and_twice_does_nothing_twice() -> None:
    report = march()
    for _ in range(2):
        make_reports()
    report.refresh_from_db()
    assert (report.state, report.attempts) == ("ready", 1)
