"""The address that load balancers and the launcher ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from mlcore.models import ScoringFailure
from substations.models import PendingRange, Substation

pytestmark = pytest.mark.django_db


def test_it_answers_anybody_with_three_queries_and_is_not_cached(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "scoring": "ok", "substations_failing": 0, "ranges_waiting": 0}
    assert "no-store" in answer.headers["Cache-Control"]


def test_scoring_that_lags_or_fails_is_said_and_no_reason_to_take_the_process_away(client: Client) -> None:
    now = timezone.now()
    waiting, failing = (Substation.objects.create(code=code) for code in ("A", "B"))
    for substation in (waiting, failing):
        PendingRange.objects.create(substation=substation, start=now, end=now)
    assert client.get("/healthz").json()["scoring"] == "ok"
    PendingRange.objects.update(created_at=now - timedelta(minutes=6))
    assert client.get("/healthz").json()["scoring"] == "lagging"
    failure = {"reason": "ValueError", "first_failed_at": now, "failed_at": now, "retry_at": now}
    ScoringFailure.objects.create(substation=failing, **failure)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "scoring": "failing", "substations_failing": 1, "ranges_waiting": 1}


def test_it_takes_a_get_alone(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_it_fails_without_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    from smart_ems.dashboard import views

    class Gone:
        def cursor(self) -> None:
            raise OperationalError("gone")

    monkeypatch.setattr(views, "connection", Gone())
    assert Client(raise_request_exception=False).get("/healthz").status_code == 503


def test_browsers_find_the_icon(client: Client) -> None:
    assert client.get("/favicon.ico").headers["Location"].endswith("img/logo.svg")
