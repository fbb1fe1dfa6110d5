"""One change of many alerts through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from alerts import services
from alerts.bulk import MAX_AT_ONCE
from alerts.models import AlertEvent, Resolution

from .alert_scenes import CRITICAL, FINDINGS, Cast, fresh, raised
from .page_checks import SignIn

pytestmark = pytest.mark.django_db
URL = "/api/alerts/bulk/"


def post(client: Client, verb: str, alerts: list[dict[str, Any]], **data: Any) -> Any:
    return client.post(URL, {"verb": verb, "alerts": alerts} | data, content_type="application/json")


def test_it_needs_the_permission_of_its_verb_and_a_post(client: Client, signed_in: SignIn) -> None:
    chosen = [{"id": raised().pk}]
    assert post(client, "acknowledge", chosen).status_code in (401, 403)
    for role in ("outsider", "viewer"):
        assert post(signed_in(role), "acknowledge", chosen).status_code == 403
    assert signed_in("operator").get(URL).status_code == 405
    assert AlertEvent.objects.count() == 1


def test_each_is_changed_by_itself_and_each_refusal_says_why(signed_in: SignIn, person: Cast) -> None:
    one, moved, taken = raised("A"), raised("B"), services.acknowledge(raised("C"), by=person("engineer"))
    chosen = [{"id": one.pk, "version": one.version}, {"id": moved.pk, "version": 99}, {"id": taken.pk}, {"id": 4711}]
    answer = post(signed_in("operator"), "acknowledge", chosen, note="storm")
    assert answer.status_code == 200
    assert answer.json()["changed"] == [{"id": one.pk, "version": one.version + 1, "state": "acknowledged"}]
    assert [each["id"] for each in answer.json()["skipped"]] == [moved.pk, taken.pk, 4711]
    assert "changed since" in answer.json()["skipped"][0]["reason"]
    assert (fresh(one).acknowledge_note, fresh(moved).acknowledged) == ("storm", False)
    assert AlertEvent.objects.filter(action="acknowledge", source="api").count() == 1


@pytest.mark.parametrize(
    ("verb", "extra", "state"),
    [
        ("comment", {"note": "x"}, "unacknowledged"),
        ("shelve", {"note": "known", "minutes": 60}, "shelved"),
        ("acknowledge", {}, "acknowledged"),
    ],
)
def test_the_verbs(signed_in: SignIn, verb: str, extra: dict[str, Any], state: str) -> None:
    alert = raised()
    post(signed_in("operator"), verb, [{"id": alert.pk}], **extra)
    assert fresh(alert).state == state


def test_and_the_way_back(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    post(client, "shelve", [{"id": alert.pk}], note="known", minutes=60)
    post(client, "unshelve", [{"id": alert.pk}])
    post(client, "acknowledge", [{"id": alert.pk}])
    post(client, "unacknowledge", [{"id": alert.pk}], note="not mine")
    assert fresh(alert).state == "unacknowledged"


def test_a_critical_one_among_them_is_shelved_by_engineers_alone(signed_in: SignIn) -> None:
    worst, other = raised("A", severity=CRITICAL), raised("B")
    chosen = [{"id": worst.pk}, {"id": other.pk}]
    done = post(signed_in("operator"), "shelve", chosen, note="x", minutes=5).json()
    assert [each["id"] for each in done["changed"]] == [other.pk]
    assert done["skipped"] == [{"id": worst.pk, "reason": "A critical alert is shelved by an engineer."}]


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("close", {}, "verb"),
        ("comment", {}, "note"),
        ("unacknowledge", {"note": ""}, "note"),
        ("shelve", {"note": "x"}, "minutes"),
        ("shelve", {"note": "x", "minutes": 721}, "minutes"),
        ("acknowledge", {"alerts": []}, "alerts"),
        ("acknowledge", {"alerts": [{"id": "x"}]}, "alerts"),
        ("acknowledge", {"alerts": [{"version": 1}]}, "alerts"),
        ("acknowledge", {"alerts": [{"id": 1}] * (MAX_AT_ONCE + 1)}, "alerts"),
        ("acknowledge", {"alerts": [{"id": 10**30}]}, "alerts"),
    ],
)
def test_what_makes_no_sense_is_a_bad_request(signed_in: SignIn, verb: str, body: dict[str, Any], field: str) -> None:
    alert = raised()
    answer = post(signed_in("operator"), verb, **({"alerts": [{"id": alert.pk}]} | body))
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert AlertEvent.objects.count() == 1


def test_several_of_one_kind_are_resolved_by_those_who_may_do_so(signed_in: SignIn) -> None:
    one, two = raised("A"), raised("B")
    chosen = [{"id": one.pk, "version": one.version}, {"id": two.pk, "version": 99}]
    assert post(signed_in("operator"), "resolve", chosen, findings=FINDINGS).status_code == 403
    answer = post(signed_in("engineer"), "resolve", chosen, findings=FINDINGS)
    assert [each["state"] for each in answer.json()["changed"]] == ["closed"]
    assert [each["id"] for each in answer.json()["skipped"]] == [two.pk]
    assert Resolution.objects.get().corrective_action == FINDINGS["corrective_action"]


@pytest.mark.parametrize(
    ("findings", "part"),
    [
        (None, "findings"),
        ({}, "corrective_action"),
        (FINDINGS | {"outcome": "magic"}, "outcome"),
        (FINDINGS | {"classification": "magic"}, "classification"),
    ],
)
def test_what_was_found_has_to_be_said(signed_in: SignIn, findings: Any, part: str) -> None:
    extra = {} if findings is None else {"findings": findings}
    answer = post(signed_in("engineer"), "resolve", [{"id": raised().pk}], **extra)
    assert answer.status_code == 400
    assert part in answer.content.decode()


def test_several_kinds_are_not_resolved_at_once(signed_in: SignIn) -> None:
    chosen = [{"id": raised("A").pk}, {"id": raised("B", kind="data_missing", cause="data_missing").pk}]
    answer = post(signed_in("engineer"), "resolve", chosen, findings=FINDINGS)
    assert answer.status_code == 400
    assert "several kinds" in answer.json()["alerts"][0]
    assert not Resolution.objects.exists()
