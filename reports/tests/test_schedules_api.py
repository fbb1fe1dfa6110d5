"""/api/report-schedules/: have a report made each month, and end that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from reports.models import ReportSchedule

from .report_scenes import grid

pytestmark = pytest.mark.django_db
URL = "/api/report-schedules/"
BODY = {"kind": "monthly", "site": "Mill", "recipients": ["anna@example.org"]}
SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _stations() -> None:
    grid()


def test_an_engineer_adds_reads_and_ends_one(signed_in: SignIn) -> None:
    client = signed_in("engineer")
    answer = client.post(URL, BODY, content_type="application/json")
    assert answer.status_code == 201
    assert answer.json()["next_on"].endswith("-01")
    assert client.get(URL).json()["results"] == [answer.json()]
    assert client.delete(f"{URL}{answer.json()['id']}/").status_code == 204
    assert not ReportSchedule.objects.exists()


def test_a_second_one_is_refused_in_words(signed_in: SignIn) -> None:
    client = signed_in("engineer")
    client.post(URL, BODY, content_type="application/json")
    answer = client.post(URL, BODY, content_type="application/json")
    assert answer.status_code == 400
    assert "already" in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"recipients": []}, "recipients"), ({"recipients": ["x"]}, "recipients"), ({"kind": "poem"}, "kind"),
     ({"site": "nowhere"}, "site")],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_by_its_field(signed_in: SignIn, change: dict[str, object], field: str) -> None:
    answer = signed_in("engineer").post(URL, BODY | change, content_type="application/json")
    assert answer.status_code == 400
    assert field in answer.json()


@pytest.mark.parametrize(("role", "status"), [("operator", 403), ("outsider", 403)])
def test_who_may_not_add_one(signed_in: SignIn, role: str, status: int) -> None:
    assert signed_in(role).post(URL, BODY, content_type="application/json").status_code == status


def test_nobody_reads_it_without_signing_in(client: Client) -> None:
    assert client.get(URL).status_code in (401, 403)
