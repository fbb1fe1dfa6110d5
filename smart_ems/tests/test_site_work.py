"""What is done for somebody who is given part of the plant, where no page is asked: files, tokens, messages, reports,
streams, and what belongs to the whole plant."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Alert, AlertEvent, ShiftHandover
from core import site_rights
from ingestion import services as ingestion
from ingestion.models import Upload
from ingestion.options import ImportOptions
from notifications import routing
from notifications.models import Delivery, NotificationChannel, NotificationRoute
from reports import making, services
from reports.models import Report
from smart_ems.accounts import api_tokens
from smart_ems.accounts.models import SiteGrant
from smart_ems.accounts.site_scopes import GivenSites
from smart_ems.dashboard import event_stream
from smart_ems.dashboard.change_feed import Change
from substations.models import Link, Reading, Substation

from .site_scenes import GIVEN_KEY, HIDDEN_KEY, MARK, NOW, member, scene

pytestmark = pytest.mark.django_db
HIDDEN = f"{MARK}-CODE"
ROW = {"at": "2026-03-02T08:00:00+00:00", "active_power_kw": 5.0}


def by_token(user: User) -> dict[str, str]:
    _token, secret = api_tokens.make(user, name="t", scopes=["read", "write_readings", "operate"], days=1, now=NOW)
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


def sites() -> None:
    Substation.objects.create(code="SS-GIVEN", site="North")
    Substation.objects.create(code=HIDDEN, site="Secret")


def test_a_token_acts_for_its_user_also_where_another_is_signed_in() -> None:
    sites()
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    rows = client.get("/api/substations/", **by_token(member("viewer"))).json()["results"]  # type: ignore[arg-type]
    assert [row["code"] for row in rows] == ["SS-GIVEN"]
    assert len(client.get("/api/substations/").json()["results"]) == 2


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("readings", ROW),
        ("planned-work", {"start": "2026-03-02T08:00Z", "end": "2026-03-03T08:00Z", "reason": "oil"}),
        ("compensation-changes", {"kind": "bank", "kvar": 50, "on": "2026-03-02"}),
        ("reports", {"kind": "monthly", "month": "2026-01"}),
    ],
)
def test_a_substation_that_is_not_given_is_answered_as_one_that_there_is_not(path: str, values: Any) -> None:
    sites()
    client = Client()
    client.force_login(member("staff"))
    answers = [
        client.post(f"/api/{path}/", values | {"substation": code}, content_type="application/json")
        for code in (HIDDEN, "NOSUCH")
    ]
    said = [answer.content.decode().replace(HIDDEN, "?").replace("NOSUCH", "?") for answer in answers]
    assert said[0] == said[1]
    assert answers[0].status_code == answers[1].status_code
    assert not Reading.objects.exists()


def test_nor_does_a_link_reach_over_the_border() -> None:
    sites()
    client = Client()
    client.force_login(member("engineer"))
    for ends in ({"source": "SS-GIVEN", "target": HIDDEN}, {"source": HIDDEN, "target": "SS-GIVEN"}):
        assert client.post("/api/links/", ends, content_type="application/json").status_code == 400
    assert not Link.objects.exists()


def file_of(*codes: str) -> ContentFile[bytes]:
    rows = "".join(f"{code},2026-03-02T08:{minute:02}:00Z,5\n" for code in codes for minute in (0, 15, 30))
    return ContentFile(f"substation,timestamp,active_power_kw\n{rows}".encode(), "readings.csv")


def test_a_worker_loads_a_file_with_the_rights_of_its_sender() -> None:
    sites()
    for by, loaded in ((member("engineer"), ["SS-GIVEN"]), (member("engineer", everything=True), ["SS-GIVEN", HIDDEN])):
        by = User.objects.get(pk=by.pk)
        options = ImportOptions(unknown="create")
        with site_rights.acting_for_user(by):
            received = ingestion.receive(file_of("SS-GIVEN", HIDDEN), source=Upload.Source.API, by=by, options=options)
            if received.upload.state == Upload.State.WAITING:
                ingestion.answer(received.upload, received.upload.parsed_options.updated(unknown="reject"))
        assert not received.already_imported  # what one sees of a file is not what another does
        ingestion.load(received.upload.pk)
        found = Reading.objects.order_by("substation__code").values_list("substation__code", flat=True).distinct()
        assert list(found) == loaded
    assert Substation.objects.count() == 2


def test_a_person_is_told_of_what_is_given_and_a_channel_of_the_plant_of_all() -> None:
    cast = scene()
    route = NotificationRoute.objects.create(name="all")
    mine = NotificationChannel.objects.create(name="mine", kind="file", owner=member("operator"))
    boss = NotificationChannel.objects.create(name="boss", kind="file", owner=member("operator", everything=True))
    plant = NotificationChannel.objects.create(name="plant", kind="file")
    route.channels.set([mine, boss, plant])
    for side in cast.sides():
        AlertEvent.objects.create(
            alert_id=side.key, seq=9, at=timezone.now(), event_time=NOW, source="system", action="raise",
            state_before="", state_after="unacknowledged", severity_after=20, announces=True,
        )  # fmt: skip
    routing.route_new(now=timezone.now())
    fresh = Delivery.objects.filter(event__seq=9)
    heard = {(each.channel.name, each.alert_id) for each in fresh.select_related("channel")}
    assert heard == {
        ("mine", GIVEN_KEY),
        *((name, key) for name in ("boss", "plant") for key in (GIVEN_KEY, HIDDEN_KEY)),
    }


def made(by: User, **values: Any) -> Report:
    with site_rights.acting_for_user(by):
        asked = services.request_report(Report(**values), by=by).report
    making.make_pending()
    asked.refresh_from_db()
    assert asked.state == Report.ReportState.READY, asked.reason
    return asked


def text_of(report: Report) -> str:
    with ZipFile(BytesIO(report.sheet.read())) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def test_a_report_says_what_is_given_to_whoever_asked_and_is_theirs() -> None:
    cast = scene()
    Report.objects.all().delete()
    part, boss = member("operator"), member("operator", everything=True)
    shift = {"kind": "shift", "start": NOW - timedelta(hours=9), "end": NOW}
    mine, all_of_it = made(part, **shift), made(boss, **shift)
    assert mine.pk != all_of_it.pk
    assert MARK in text_of(all_of_it)
    assert MARK not in text_of(mine)
    client = Client()
    client.force_login(part)
    assert [client.get(f"/reports/{each.pk}/sheet/").status_code for each in (mine, all_of_it)] == [200, 404]
    SiteGrant.objects.filter(user=part).update(site="", substation=cast.hidden.substation)
    assert client.get(f"/reports/{mine.pk}/sheet/").status_code == 404  # what is in it is not given any more


def test_a_stream_names_what_is_given_alone() -> None:
    cast = scene()
    given = GivenSites(member("viewer").pk)
    both = Change(frozenset({"readings", "uploads"}), frozenset({cast.given.key, cast.hidden.key}))
    assert event_stream._given_of(both, given) == Change(both.topics, frozenset({cast.given.key}))
    hidden = Change(frozenset({"alerts"}), frozenset({cast.hidden.key}))
    assert not event_stream._given_of(hidden, given)


def test_nobody_is_given_nothing() -> None:
    scene()
    with site_rights.acting_for_user(None):
        assert not Substation.objects.exists()
        assert not Alert.objects.exists()
    assert asyncio.run(_names_in_a_task()) is None


async def _names_in_a_task() -> Any:
    return site_rights.current()


def test_what_belongs_to_the_plant_is_changed_by_those_who_have_all() -> None:
    sites()
    whole = {"name": "x", "recipients": ["a@example.org"], "kind": "monthly", "site": ""}
    for everything, status in ((False, 403), (True, 201)):
        client = Client()
        client.force_login(member("engineer", everything=everything))
        answer = client.post("/api/report-schedules/", whole, content_type="application/json")
        assert answer.status_code == status
        if not everything:
            assert "those who have all" in answer.json()["detail"]
            page = client.get("/notifications/routes/new/").content.decode()
            assert "Not all substations are given to you" in page


def test_a_code_that_somebody_else_has_is_taken() -> None:
    sites()
    client = Client()
    client.force_login(member("engineer"))
    answer = client.patch("/api/substations/SS-GIVEN/", {"code": HIDDEN}, content_type="application/json")
    assert answer.status_code == 400
    assert "already exists" in answer.json()["code"][0]


def test_a_query_that_was_made_for_others_is_not_answered() -> None:
    sites()
    made_before = Substation.objects.order_by("code")
    with site_rights.acting_for_user(member("viewer")):
        for ask in (list, lambda rows: rows.count(), lambda rows: rows.exists(), lambda rows: rows.aggregate()):
            with pytest.raises(RuntimeError, match="Substation"):
                ask(made_before)
        assert [each.code for each in made_before.all()] == ["SS-GIVEN"]
    assert len(made_before) == 2


def test_an_answer_that_was_kept_is_not_given_again_when_something_else_is_given() -> None:
    scene()
    user = member("operator", everything=True)
    client = Client()
    client.force_login(user)
    sent: dict[str, Any] = {"data": {}, "content_type": "application/json", "headers": {"Idempotency-Key": "k"}}
    assert client.post(f"/api/alerts/{HIDDEN_KEY}/acknowledge/", **sent).json()["substation"] == HIDDEN
    assert client.post(f"/api/alerts/{HIDDEN_KEY}/acknowledge/", **sent).json()["substation"] == HIDDEN
    SiteGrant.objects.filter(user=user).update(everything=False, site="North")
    answer = client.post(f"/api/alerts/{HIDDEN_KEY}/acknowledge/", **sent)
    assert answer.status_code == 422
    assert MARK not in answer.content.decode()


def test_a_shift_is_handed_over_by_those_who_have_all() -> None:
    sites()
    client = Client()
    client.force_login(member("operator"))
    assert client.post("/alerts/handover/end/", {}).status_code in (403, 404)
    assert client.post("/api/shift-handovers/", {}, content_type="application/json").status_code == 403
    assert not ShiftHandover.objects.exists()


def test_lists_take_no_query_more_for_those_who_are_given_part() -> None:
    scene()
    counts = []
    for everything in (True, False):
        client = Client()
        client.force_login(member("engineer", everything=everything))
        for path in ("/substations/", "/alerts/", "/dashboard/status/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            counts.append(len(queries))
    assert counts[3:] <= counts[:3]
