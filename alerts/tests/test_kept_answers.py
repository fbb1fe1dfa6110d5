"""A change that is sent twice with one ``Idempotency-Key`` is made once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from alerts import kept_answers
from alerts.models import AlertEvent, KeptAnswer

from .alert_scenes import fresh, raised
from .page_checks import SignIn

pytestmark = pytest.mark.django_db
KEY = "5a9c-night-shift"


def post(client: Client, pk: int, verb: str, key: str = KEY, **data: Any) -> Any:
    headers = {"Idempotency-Key": key}
    return client.post(f"/api/alerts/{pk}/{verb}/", data, content_type="application/json", headers=headers)


def test_the_second_time_gives_the_same_answer_and_changes_nothing(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    first = post(client, alert.pk, "comment", note="crew is there")
    again = post(client, alert.pk, "comment", note="crew is there")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert AlertEvent.objects.filter(action="comment").count() == 1


def test_a_retry_is_no_conflict_where_the_first_answer_was_lost(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    for _ in range(3):
        answer = post(client, alert.pk, "acknowledge", version=alert.version)
        assert (answer.status_code, answer.json()["state"]) == (200, "acknowledged")


@pytest.mark.parametrize("verb", ["comment", "unacknowledge"])
def test_another_request_with_the_key_is_refused(signed_in: SignIn, verb: str) -> None:
    alert, client = raised(), signed_in("operator")
    post(client, alert.pk, "comment", note="one")
    answer = post(client, alert.pk, verb, note="two")
    assert (answer.status_code, "another request" in answer.json()["detail"]) == (422, True)
    assert post(client, raised("B").pk, "comment", note="one").status_code == 422


def test_what_was_refused_keeps_nothing_and_may_be_tried_again(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    assert post(client, alert.pk, "comment", note="").status_code == 400
    assert post(client, alert.pk, "acknowledge", version=99).status_code == 409
    assert not KeptAnswer.objects.exists()
    assert post(client, alert.pk, "acknowledge", version=alert.version).status_code == 200


def test_a_key_is_the_users_own(signed_in: SignIn) -> None:
    alert = raised()
    post(signed_in("operator"), alert.pk, "comment", note="mine")
    assert post(signed_in("engineer"), alert.pk, "comment", note="mine too").status_code == 200
    assert AlertEvent.objects.filter(action="comment").count() == 2


@pytest.mark.parametrize("key", ["", "x" * 201, "naïve", "a\tb"])
def test_a_key_that_is_none_is_a_bad_request(signed_in: SignIn, key: str) -> None:
    answer = post(signed_in("operator"), raised().pk, "comment", key=key, note="x")
    assert (answer.status_code, list(answer.json())) == (400, ["Idempotency-Key"])


def test_a_key_is_forgotten_after_a_day(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    post(client, alert.pk, "comment", note="one")
    now = timezone.now()
    assert kept_answers.forget_old_answers(now=now + timedelta(hours=23)) == 0
    KeptAnswer.objects.update(at=now - timedelta(hours=25))
    assert post(client, alert.pk, "comment", note="another").status_code == 200
    assert KeptAnswer.objects.count() == 1
    assert kept_answers.forget_old_answers(now=now + timedelta(hours=25)) == 1


def test_without_a_key_nothing_is_kept(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    client.post(f"/api/alerts/{alert.pk}/acknowledge/", {}, content_type="application/json")
    assert fresh(alert).acknowledged
    assert not KeptAnswer.objects.exists()


def test_many_are_changed_once(signed_in: SignIn) -> None:
    alert, client = raised(), signed_in("operator")
    body = {"verb": "comment", "note": "x", "alerts": [{"id": alert.pk}]}
    answers = [
        client.post("/api/alerts/bulk/", body, content_type="application/json", headers={"Idempotency-Key": KEY}).json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert AlertEvent.objects.filter(action="comment").count() == 1
