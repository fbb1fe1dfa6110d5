"""/api/reports/: ask for a report, follow it, download its files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from reports.models import Report
from substations.models import Substation

from .report_scenes import alert_at, grid, made, march

pytestmark = pytest.mark.django_db
URL = "/api/reports/"
SignIn = Callable[[str], Client]
MONTH = {"kind": "monthly", "month": "2026-03"}


@pytest.fixture(autouse=True)
def stations() -> list[Substation]:
    return grid()


def test_a_report_is_asked_for_followed_and_downloaded(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    answer = client.post(URL, MONTH | {"site": "Mill"}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (201, "queued")
    assert client.post(URL, MONTH | {"site": "Mill"}, content_type="application/json").status_code == 200
    url = f"{URL}{answer.json()['id']}/"
    assert client.get(f"{url}paper/").status_code == 404
    made(Report.objects.get())
    assert client.get(url).json()["state"] == "ready"
    paper = client.get(f"{url}paper/")
    assert paper["Content-Type"] == "application/octet-stream", "as the schema says"
    assert paper.getvalue().startswith(b"%PDF-")
    assert client.get(f"{url}sheet/").getvalue().startswith(b"PK")


def test_each_kind_says_what_it_is_of(signed_in: SignIn, stations: list[Substation]) -> None:
    client = signed_in("viewer")
    alert = alert_at(stations[0])
    times = {"start": "2026-03-02T06:00:00Z", "end": "2026-03-02T14:00:00Z"}
    for body in ({"kind": "alert", "alert": alert.pk}, {"kind": "shift", "substation": "A", **times},
                 {"kind": "feeders", "month": "2026-02", "to": "2026-03"}):  # fmt: skip
        assert client.post(URL, body, content_type="application/json").status_code == 201
    found = client.get(URL).json()["results"]
    assert [row["kind"] for row in found] == ["feeders", "shift", "alert"]
    assert [found[0]["first_day"], found[0]["last_day"]] == ["2026-02-01", "2026-03-31"]
    assert (found[1]["substation"], found[1]["start"]) == ("A", "2026-03-02T06:00:00Z")
    assert client.get(URL, {"kind": "alert"}).json()["count"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "poem"}, "kind"),
        ({"kind": "monthly"}, "month"),
        ({"kind": "monthly", "month": "2026-3"}, "month"),
        ({"kind": "monthly", "month": 202603}, "month"),
        ({"kind": "monthly", "month": "2026-03", "site": "nowhere"}, "site"),
        ({"kind": "monthly", "month": "2026-03", "substation": "Z"}, "substation"),
        ({"kind": "monthly", "month": "2026-03", "alert": 7}, "alert"),
        ({"kind": "monthly", "month": "2026-03", "start": "2026-03-01T00:00:00Z"}, "start"),
        ({"kind": "shift", "start": "2026-03-01T00:00:00Z"}, "end"),
        ({"kind": "shift", "start": "0001-01-01T00:00:00", "end": "2026-03-01T00:00:00Z"}, "end"),
        ({"kind": "alert"}, "alert"),
        ({"kind": "alert", "alert": 9999}, "alert"),
    ],
)
def test_what_is_no_report_is_refused_by_the_name_of_its_field(
    signed_in: SignIn, body: dict[str, object], field: str
) -> None:
    answer = signed_in("viewer").post(URL, body, content_type="application/json")
    assert answer.status_code == 400
    assert field in answer.json()
    assert not Report.objects.exists()


def test_who_may_not_is_refused(signed_in: SignIn, client: Client) -> None:
    report = made(march())
    outsider = signed_in("outsider")
    for url in (URL, f"{URL}{report.pk}/", f"{URL}{report.pk}/paper/"):
        assert outsider.get(url).status_code == 403
        assert client.get(url).status_code == 401
    assert outsider.post(URL, MONTH, content_type="application/json").status_code == 403
    assert client.post(URL, MONTH, content_type="application/json").status_code == 401
    assert signed_in("viewer").delete(f"{URL}{report.pk}/").status_code == 403
    assert signed_in("operator").get(f"{URL}999/").status_code == 404
    assert signed_in("engineer").get(URL, {"nonsense": "1"}).status_code == 400
