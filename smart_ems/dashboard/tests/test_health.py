"""The address that load balancers and the launcher ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

pytestmark = pytest.mark.django_db


def test_it_answers_anybody_with_one_query_and_is_not_cached(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer.headers["Cache-Control"]


def test_it_takes_a_get_alone(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_it_fails_without_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    from smart_ems.dashboard import views

    class Gone:
        def cursor(self) -> None:
            raise OperationalError("gone")

    monkeypatch.setattr(views, "connection", Gone())
    assert Client(raise_request_exception=False).get("/healthz").status_code == 500


def test_browsers_find_the_icon(client: Client) -> None:
    assert client.get("/favicon.ico").headers["Location"].endswith("img/logo.svg")
