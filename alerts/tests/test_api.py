"""Alerts through the API: the same verbs and permissions as on the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from alerts import services
from alerts.models import AlertEvent

from .alert_scenes import CRITICAL, FINDINGS, Cast, fresh, raised, resolved
from .page_checks import SignIn

pytestmark = pytest.mark.django_db
URL = "/api/alerts/"
QUERIES = 6


def post(client: Client, path: str, **data: Any) -> Any:
    return client.post(f"{URL}{path}", data, content_type="application/json")


def test_reading_needs_a_role(client: Client, signed_in: SignIn) -> None:
    alert = raised()
    for path in (URL, f"{URL}{alert.pk}/"):
        assert client.get(path).status_code in (401, 403)
        assert signed_in("outsider").get(path).status_code == 403 if path == URL else True
    assert signed_in("viewer").get(URL).status_code == 200


@pytest.mark.parametrize("verb", ["acknowledge", "unacknowledge", "resolve", "comment", "shelve", "unshelve"])
def test_every_verb_needs_an_operator_and_a_post(client: Client, signed_in: SignIn, verb: str) -> None:
    alert = raised()
    body = FINDINGS | {"note": "x", "minutes": 60}
    assert post(client, f"{alert.pk}/{verb}/", **body).status_code in (401, 403)
    for role in ("outsider", "viewer"):
        assert post(signed_in(role), f"{alert.pk}/{verb}/", **body).status_code == 403
    assert signed_in("operator").get(f"{URL}{alert.pk}/{verb}/").status_code == 405
    assert AlertEvent.objects.count() == 1


def test_alerts_are_neither_made_nor_changed_nor_deleted(signed_in: SignIn, admin_client: Client) -> None:
    alert = raised()
    assert admin_client.post(URL, {}).status_code == 405
    for method in ("put", "patch", "delete"):
        assert getattr(admin_client, method)(f"{URL}{alert.pk}/").status_code == 405


def test_the_list_holds_the_open_ones_and_on_request_the_history(signed_in: SignIn, person: Cast) -> None:
    raised("A")
    resolved(raised("B"), person("operator"))
    client = signed_in("viewer")
    assert [each["substation"] for each in client.get(URL).json()["results"]] == ["A"]
    assert [each["substation"] for each in client.get(URL, {"history": "true"}).json()["results"]] == ["B"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"severity": "critical"}, 1),
        ({"substation": "a"}, 1),
        ({"condition": "active"}, 2),
        ({"condition": "cleared"}, 0),
        ({"acknowledged": "true"}, 0),
        ({"cause": "overload"}, 0),
    ],
)
def test_it_can_be_filtered(signed_in: SignIn, query: dict[str, str], count: int) -> None:
    raised("A")
    raised("B", severity=CRITICAL)
    assert signed_in("viewer").get(URL, query).json()["count"] == count


def test_a_filter_that_makes_no_sense_is_a_bad_request(signed_in: SignIn) -> None:
    answer = signed_in("viewer").get(URL, {"severity": "fatal"})
    assert (answer.status_code, "severity" in answer.json()) == (400, True)


def test_one_alert_comes_with_its_events_and_resolutions(signed_in: SignIn, person: Cast) -> None:
    alert = resolved(services.acknowledge(raised(), by=person("engineer"), note="mine"), person("operator"))
    found = signed_in("viewer").get(f"{URL}{alert.pk}/").json()
    assert [event["action"] for event in found["events"]] == ["raise", "acknowledge", "resolve"]
    assert (found["events"][0]["actor"], found["events"][1]["actor"]) == (None, "engineer-user")
    assert found["resolutions"][0]["root_cause"] == FINDINGS["root_cause"]
    assert (found["state"], found["severity"], found["closure"]) == ("closed", "warning", "resolved")


def test_acknowledging_answers_with_the_fresh_alert(signed_in: SignIn) -> None:
    alert = raised()
    answer = post(signed_in("operator"), f"{alert.pk}/acknowledge/", note="mine", version=alert.version)
    assert (answer.status_code, answer.json()["state"], answer.json()["acknowledge_note"]) == (
        200, "acknowledged", "mine",
    )  # fmt: skip
    assert answer.json()["version"] == alert.version + 1
    assert AlertEvent.objects.get(action="acknowledge").source == "api"


def test_a_second_time_and_a_stale_version_are_conflicts(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    assert post(client, f"{alert.pk}/acknowledge/", version=0).status_code == 409
    assert post(client, f"{alert.pk}/acknowledge/").status_code == 200
    assert post(client, f"{alert.pk}/acknowledge/").status_code == 409
    assert post(client, f"{alert.pk}/unacknowledge/", note="x", version=alert.version).status_code == 409
    assert post(client, f"{alert.pk}/resolve/", version=1, **FINDINGS).status_code == 409
    assert AlertEvent.objects.count() == 2


def test_handing_back_needs_a_reason(signed_in: SignIn, person: Cast) -> None:
    alert, client = services.acknowledge(raised(), by=person("engineer")), signed_in("operator")
    assert post(client, f"{alert.pk}/unacknowledge/").status_code == 400
    assert post(client, f"{alert.pk}/unacknowledge/", note="not mine").json()["acknowledged"] is False


def test_resolving_needs_the_findings(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    missing = post(client, f"{alert.pk}/resolve/", **FINDINGS | {"outcome": "gone"})
    assert (missing.status_code, list(missing.json())) == (400, ["outcome"])
    done = post(client, f"{alert.pk}/resolve/", version=alert.version, **FINDINGS)
    assert (done.status_code, done.json()["closure"]) == (200, "resolved")
    assert done.json()["resolutions"][0]["while_active"] is True
    assert fresh(alert).closed_at


def test_a_comment_is_an_event(signed_in: SignIn) -> None:
    alert = raised()
    answer = post(signed_in("operator"), f"{alert.pk}/comment/", note="crew is there")
    assert [event["comment"] for event in answer.json()["events"]] == ["", "crew is there"]


@pytest.mark.parametrize("path", ["4711/", "not-a-number/"])
def test_an_unknown_alert_is_not_found(signed_in: SignIn, path: str) -> None:
    assert signed_in("viewer").get(URL + path).status_code == 404


@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, person: Cast, django_assert_num_queries: Any, count: int
) -> None:
    user = person("operator")
    for number in range(count):
        services.acknowledge(raised(f"SS-{number:02d}"), by=user)
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(URL)


def test_an_alert_is_shelved_and_taken_back(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    shelved = post(client, f"{alert.pk}/shelve/", minutes=60, note="waits")
    assert (shelved.status_code, shelved.json()["state"], shelved.json()["suppression"]) == (200, "shelved", "shelved")
    assert post(client, f"{alert.pk}/shelve/", minutes=60, note="waits").status_code == 409
    assert post(client, f"{alert.pk}/unshelve/").json()["state"] == "unacknowledged"
    assert AlertEvent.objects.filter(source="api", action__in=("shelve", "unshelve")).count() == 2


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"minutes": 721}, {"minutes": "x"}, {"note": ""}])
def test_a_shelf_without_time_or_reason_is_refused(signed_in: SignIn, wrong: dict[str, str]) -> None:
    alert = raised()
    assert (
        post(signed_in("operator"), f"{alert.pk}/shelve/", **({"minutes": 5, "note": "x"} | wrong)).status_code == 400
    )


def test_a_critical_alert_is_shelved_by_engineers_alone(signed_in: SignIn) -> None:
    alert = raised(severity=CRITICAL)
    assert post(signed_in("operator"), f"{alert.pk}/shelve/", minutes=5, note="x").status_code == 403
    assert post(signed_in("engineer"), f"{alert.pk}/shelve/", minutes=5, note="x").status_code == 200


def test_planned_work_begins_and_ends(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("engineer")
    begun = post(client, f"{alert.pk}/out-of-service/", hours=4, reason="oil change", version=alert.version)
    assert (begun.status_code, begun.json()["suppression"]) == (200, "out_of_service")
    assert post(client, f"{alert.pk}/out-of-service/", hours=4, reason="oil change").status_code == 409
    assert post(client, f"{alert.pk}/back-in-service/").json()["suppression"] == "none"
    assert post(signed_in("operator"), f"{alert.pk}/out-of-service/", hours=4, reason="x").status_code == 403


@pytest.mark.parametrize("wrong", [{"hours": 0}, {"hours": 337}, {"hours": "x"}, {"reason": ""}])
def test_work_without_a_length_or_a_reason_is_refused(signed_in: SignIn, wrong: dict[str, Any]) -> None:
    alert = raised()
    body = {"hours": 4, "reason": "oil change"} | wrong
    assert post(signed_in("engineer"), f"{alert.pk}/out-of-service/", **body).status_code == 400


def test_a_comment_on_a_version_that_is_gone_is_a_conflict(signed_in: SignIn) -> None:
    assert post(signed_in("operator"), f"{raised().pk}/comment/", note="x", version=0).status_code == 409


def test_it_can_be_filtered_by_site(signed_in: SignIn) -> None:
    alert = raised("A")
    alert.substation.site = "Harbour"
    alert.substation.save()
    raised("B")
    assert [each["substation"] for each in signed_in("viewer").get(URL, {"site": "harbour"}).json()["results"]] == ["A"]
