"""Schedules: a report on the first of each month, made, kept and mailed."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.utils import timezone

from reports import making, sending, services
from reports.models import Report, ReportSchedule
from smart_ems import pipeline
from substations.models import Substation

from .report_scenes import grid, pdf_text

pytestmark = pytest.mark.django_db
URL = "/reports/schedules/"
ASKED = {"kind": "monthly", "site": "Mill", "recipients": "anna@example.org, bo@example.org\nanna@example.org"}
SignIn = Callable[[str], Client]
APRIL = date(2026, 4, 1)


@pytest.fixture(autouse=True)
def stations() -> list[Substation]:
    return grid()


@pytest.fixture
def schedule() -> ReportSchedule:
    addresses = ["anna@example.org", "bo@example.org"]
    return ReportSchedule.objects.create(kind="monthly", site="Mill", recipients=addresses, next_on=APRIL)


def sent() -> Report:
    making.make_pending()
    sending.send_pending()
    return Report.objects.get()


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_an_engineer_schedules_a_report_and_ends_it(signed_in: SignIn) -> None:
    client = signed_in("engineer")
    assert client.post(URL, ASKED)["Location"] == "/reports/#schedules"
    stored = ReportSchedule.objects.get()
    assert stored.recipients == ["anna@example.org", "bo@example.org"]
    assert (stored.next_on.day, stored.next_on > timezone.localdate()) == (1, True)
    assert "anna@example.org, bo@example.org" in text(client.get("/reports/"))
    client.post(f"{URL}{stored.pk}/end/")
    assert not ReportSchedule.objects.exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"recipients": "anna"}, "Received “anna”; expected an e-mail address"),
        ({"recipients": "anna@example.org\r\nBcc: x"}, "Received “Bcc:”; expected an e-mail address"),
        ({"recipients": " , "}, "Received no address"),
        ({"recipients": ""}, "This field is required."),
        ({"site": "nowhere"}, "nowhere is not one of the available choices"),
        ({"kind": "shift"}, "shift is not one of the available choices"),
    ],
)
def test_what_is_no_schedule_is_refused(signed_in: SignIn, asked: dict[str, str], said: str) -> None:
    answer = signed_in("engineer").post(URL, ASKED | asked)
    assert answer.status_code == 422
    assert said in text(answer)


def test_a_second_schedule_of_a_site_is_refused(signed_in: SignIn) -> None:
    client = signed_in("engineer")
    client.post(URL, ASKED)
    assert "There is a schedule of this report already" in text(client.post(URL, ASKED))
    assert ReportSchedule.objects.count() == 1


def test_others_schedule_nothing(signed_in: SignIn, client: Client, schedule: ReportSchedule) -> None:
    for role in ("viewer", "operator", "outsider"):
        other = signed_in(role)
        assert other.post(URL, ASKED).status_code == 403
        assert other.post(f"{URL}{schedule.pk}/end/").status_code == 403
    assert client.post(URL, ASKED)["Location"].startswith("/sign-in/")
    assert signed_in("engineer").get(URL).status_code == 405
    assert ReportSchedule.objects.count() == 1


def test_on_the_first_the_month_before_is_queued_once(schedule: ReportSchedule) -> None:
    assert services.queue_due(APRIL - timedelta(days=1)) == 0
    assert services.queue_due(APRIL) == 1
    assert services.queue_due(APRIL) == 0
    report = Report.objects.get()
    assert (str(report.first_day), str(report.last_day), report.site) == ("2026-03-01", "2026-03-31", "Mill")
    schedule.refresh_from_db()
    assert schedule.next_on == date(2026, 5, 1)


def test_after_a_long_pause_there_is_one_report_and_not_one_for_each_month(schedule: ReportSchedule) -> None:
    assert services.queue_due(date(2026, 7, 20)) == 1
    assert str(Report.objects.get().first_day) == "2026-06-01"
    schedule.refresh_from_db()
    assert schedule.next_on == date(2026, 8, 1)


def test_it_is_mailed_to_each_address_with_both_files(schedule: ReportSchedule) -> None:
    services.queue_due(APRIL)
    report = sent()
    assert report.mail == Report.Mail.SENT
    message = mail.outbox[0]
    assert (message.to, message.bcc) == ([], schedule.recipients)
    assert message.subject == "Smart EMS: Month Mill 2026-03"
    names = [name for name, _content, _kind in message.attachments]
    assert names == ["losses-mill-2026-03.pdf", "losses-mill-2026-03.xlsx"]
    assert "Mend first" in pdf_text(message.attachments[0][1])
    sending.send_pending()
    assert len(mail.outbox) == 1


def test_without_a_mail_server_it_is_made_and_kept_and_the_page_says_so(
    schedule: ReportSchedule, settings: Any, signed_in: SignIn
) -> None:
    settings.EMAIL_BACKEND = sending.NO_SERVER
    services.queue_due(APRIL)
    report = sent()
    assert (report.state, report.mail) == ("ready", "not_sent")
    page = text(signed_in("engineer").get("/reports/"))
    assert "nothing was sent" in page
    assert "There is no mail server: set EMS_EMAIL_URL." in page
    assert "reports are made and kept, nothing is sent" in page


def test_a_server_that_refuses_is_told_and_it_can_be_sent_again(
    schedule: ReportSchedule, monkeypatch: pytest.MonkeyPatch, signed_in: SignIn
) -> None:
    def refuse(self: EmailBackend, messages: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({"anna@example.org": (550, b"unknown")})

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", refuse)
        services.queue_due(APRIL)
        report = sent()
    assert report.mail == "not_sent"
    assert "550" in report.mail_note
    signed_in("engineer").post(f"/reports/{report.pk}/again/")
    sending.send_pending()
    report.refresh_from_db()
    assert (report.mail, report.mail_note) == ("sent", "")


def test_mail_that_a_killed_worker_held_is_sent_by_the_next_one(schedule: ReportSchedule) -> None:
    services.queue_due(APRIL)
    making.make_pending()
    Report.objects.update(claimed_by="0" * 32, claimed_until=timezone.now() + timedelta(minutes=1))
    assert sending.send_pending() == 0
    Report.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert services.has_pending()
    assert sending.send_pending() == 1


def test_a_report_that_was_asked_for_by_hand_is_mailed_to_nobody() -> None:
    services.request_report(Report(kind="monthly", first_day=date(2026, 3, 1), last_day=date(2026, 3, 31)), by=None)
    assert sent().mail == ""
    assert mail.outbox == []


def test_a_schedule_that_was_ended_meanwhile_sends_nothing(schedule: ReportSchedule) -> None:
    services.queue_due(APRIL)
    schedule.delete()
    assert sent().mail_note == "The schedule has no addresses any more."


def test_the_sweep_finds_what_is_due(
    schedule: ReportSchedule, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(pipeline, "_dispatch", lambda *tasks: asked.extend(name for name, _values in tasks))
    with django_capture_on_commit_callbacks(execute=True):
        pipeline.sweep()
    assert pipeline.REPORT in asked
    assert Report.objects.count() == 1
