"""/reports/: the list with state and progress, and the form that asks for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from reports.models import Report
from substations.models import Substation

from .report_scenes import alert_at, grid, made, march

pytestmark = pytest.mark.django_db
URL = "/reports/"
SignIn = Callable[[str], Client]
MONTH = {"kind": "monthly", "site": "", "month": "2026-03"}


@pytest.fixture
def stations() -> list[Substation]:
    return grid()


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_viewer_asks_for_a_month_and_finds_it_in_the_list(signed_in: SignIn, stations: list[Substation]) -> None:
    client = signed_in("viewer")
    assert client.post(URL, MONTH | {"site": "Mill"})["Location"] == URL
    report = Report.objects.get()
    assert (report.kind, report.site, str(report.last_day)) == ("monthly", "Mill", "2026-03-31")
    assert report.requested_by is not None
    page = text(client.get(URL))
    assert "queued" in page
    assert "Mill 2026-03" in page


@pytest.mark.usefixtures("stations")
def test_a_second_time_it_is_not_queued_again(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    client.post(URL, MONTH)
    assert "is being made already" in text(client.post(URL, MONTH, follow=True))
    assert Report.objects.count() == 1


@pytest.mark.usefixtures("stations")
def test_asking_starts_the_work_at_once(
    signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("smart_ems.pipeline._dispatch", lambda *tasks: sent.extend(name for name, _values in tasks))
    with django_capture_on_commit_callbacks(execute=True):
        signed_in("viewer").post(URL, MONTH)
    assert sent == ["reports.tasks.make_reports"]


def test_a_shift_is_on_the_clock_that_the_form_names(
    signed_in: SignIn, stations: list[Substation], settings: Any
) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    times = {"start": "2026-03-02T06:00", "end": "2026-03-02T14:00"}
    client = signed_in("viewer")
    assert "Clock: Asia/Kolkata" in text(client.get(URL, {"kind": "shift"}))
    assert client.post(URL, {"kind": "shift", "substation": "A", **times}).status_code == 302
    report = Report.objects.get()
    assert (report.substation, report.start) == (stations[0], datetime(2026, 3, 2, 0, 30, tzinfo=UTC))


def test_an_alert_and_a_statement_are_asked_for_too(signed_in: SignIn, stations: list[Substation]) -> None:
    client = signed_in("viewer")
    alert = alert_at(stations[0])
    assert f'value="{alert.pk}"' in text(client.get(URL, {"kind": "alert", "alert": str(alert.pk)}))
    client.post(URL, {"kind": "alert", "alert": alert.pk})
    client.post(URL, MONTH | {"kind": "feeders", "to": "2026-04"})
    assert set(Report.objects.values_list("kind", flat=True)) == {"alert", "feeders"}
    page = text(client.get(URL))
    assert f"#{alert.pk}" in page
    assert "whole grid 2026-03 – 2026-04" in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"month": ""}, "This field is required."),
        ({"month": "March"}, "Received “March” as a month"),
        ({"month": "2026-13"}, "Received “2026-13” as a month"),
        ({"month": "2199-01"}, "which is still to come"),
        ({"to": "2026-01"}, "The period begins in 2026-03 and ends before that"),
        ({"to": "2027-05"}, "Received more than 12 months"),
        ({"site": "nowhere"}, "nowhere is not one of the available choices"),
        ({"substation": "Z"}, "No substation has the code “Z”."),
        ({"site": "Port", "substation": "A"}, "Received a site and a substation"),
        ({"kind": "alert", "alert": "9999"}, "No alert has the number 9999."),
        ({"kind": "alert", "alert": "x"}, "Enter a whole number."),
        ({"kind": "alert", "alert": "99999999999999999999"}, "less than or equal to"),
        ({"kind": "shift", "start": "soon", "end": "2026-03-02T06:00"}, "Received “soon” as a time"),
        ({"kind": "shift", "start": "2026-03-02T06:00", "end": "2026-03-02T05:00"}, "ends before it begins"),
        ({"kind": "shift", "start": "2026-03-02T06:00", "end": "2026-05-02T05:00"}, "Received more than 31 days"),
        ({"kind": "shift", "start": "2190-03-02T06:00", "end": "2190-03-02T07:00"}, "Received a time to come"),
        ({"kind": "shift", "start": "0001-01-01T00:00", "end": "2026-03-02T07:00"}, "Received “0001-01-01T00:00”"),
    ],
)
def test_what_is_no_report_is_refused_with_what_was_expected(
    signed_in: SignIn, stations: list[Substation], asked: dict[str, str], said: str
) -> None:
    answer = signed_in("viewer").post(URL, MONTH | asked)
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Report.objects.exists()


def test_the_page_of_losses_and_an_alert_lead_here(signed_in: SignIn, stations: list[Substation]) -> None:
    client = signed_in("viewer")
    alert = alert_at(stations[0])
    losses = client.get("/losses/", {"site": "Mill"}).content.decode()
    assert "/reports/?site=Mill&amp;month=2026-03&amp;to=2026-03" in losses
    assert f"/reports/?kind=alert&amp;alert={alert.pk}" in client.get(alert.get_absolute_url()).content.decode()
    form = text(client.get(URL, {"site": "Mill", "month": "2026-03"}))
    assert '<option value="Mill" selected>' in form
    assert 'value="2026-03"' in form


def test_files_are_downloaded_under_their_own_names(signed_in: SignIn, stations: list[Substation]) -> None:
    report = made(march(site="Mill"))
    client = signed_in("viewer")
    paper, sheet = (client.get(f"{URL}{report.pk}/{name}/") for name in ("pdf", "sheet"))
    assert paper.getvalue().startswith(b"%PDF-")
    assert paper["Content-Type"] == "application/pdf"
    assert paper["Content-Disposition"] == 'attachment; filename="losses-mill-2026-03.pdf"'
    assert sheet["Content-Disposition"] == 'attachment; filename="losses-mill-2026-03.xlsx"'


def test_a_file_that_is_not_there_is_not_found(signed_in: SignIn, stations: list[Substation]) -> None:
    client = signed_in("viewer")
    report = march()
    assert client.get(f"{URL}{report.pk}/pdf/").status_code == 404
    made(report)
    report.paper.storage.delete(str(report.paper.name))
    assert client.get(f"{URL}{report.pk}/pdf/").status_code == 404
    assert client.get(f"{URL}999/pdf/").status_code == 404


def test_the_list_alone_is_fetched_again(signed_in: SignIn, stations: list[Substation]) -> None:
    Report.objects.filter(pk=march().pk).update(state="making", progress_pct=50)
    part = signed_in("viewer").get(URL, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="reports"')
    assert 'aria-valuenow="50"' in part


def test_before_any_report_the_page_says_what_one_is(signed_in: SignIn) -> None:
    assert "No reports yet." in text(signed_in("viewer").get(URL))


@pytest.mark.usefixtures("stations")
def test_only_an_engineer_tries_again(signed_in: SignIn) -> None:
    report = march()
    Report.objects.filter(pk=report.pk).update(state="failed", reason="no paper")
    again = f"{URL}{report.pk}/again/"
    viewer, engineer = signed_in("viewer"), signed_in("engineer")
    assert viewer.post(again).status_code == 403
    assert again not in text(viewer.get(URL))
    assert again in text(engineer.get(URL))
    engineer.post(again)
    assert made(report).reason == ""
    assert "Only what failed" in text(engineer.post(again, follow=True))


@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    user = Client()
    for number in range(count):
        station = Substation.objects.create(code=f"S{number}")
        Report.objects.create(kind="monthly", substation=station, first_day="2026-03-01", last_day="2026-03-31")
    user = signed_in("engineer")
    with django_assert_num_queries(QUERIES):
        assert user.get(URL).status_code == 200


QUERIES = 9


def test_who_may_see_no_reports_sees_none(signed_in: SignIn, client: Client, stations: list[Substation]) -> None:
    report = made(march())
    outsider = signed_in("outsider")
    for url in (URL, f"{URL}{report.pk}/pdf/", f"{URL}{report.pk}/sheet/"):
        assert outsider.get(url).status_code == 403
        assert client.get(url)["Location"].startswith("/sign-in/")
    assert outsider.post(URL, MONTH).status_code == 403
    assert client.post(URL, MONTH)["Location"].startswith("/sign-in/")
    assert signed_in("viewer").delete(URL).status_code == 405
    assert signed_in("engineer").get(f"{URL}{report.pk}/again/").status_code == 405
