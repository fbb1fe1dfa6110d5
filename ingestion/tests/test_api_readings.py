from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from smart_ems import pipeline
from smart_ems.accounts.tests.token_scenes import bearer, token_of
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
URL = "/api/readings/"
Capture = Callable[..., AbstractContextManager[Any]]
ROW = {"substation": "SS-01", "at": "2025-03-01T00:00:00+05:30", "active_power_kw": 80.0, "apparent_power_kva": 100}


def post(client: Client, body: object) -> Any:
    return client.post(URL, body, content_type="application/json")


def test_anonymous_and_viewers_may_not_post(client: Client, as_viewer: Client, station: Substation) -> None:
    assert post(client, ROW).status_code in (401, 403)
    assert post(as_viewer, ROW).status_code == 403
    assert not Reading.objects.exists()


def test_one_reading_is_stored_and_scoring_starts(
    as_operator: Client,
    station: Substation,
    dispatched: list[str],
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(as_operator, ROW)
        again = post(as_operator, ROW)
    assert (answer.status_code, answer.json()[0]["outcome"]) == (200, "accepted")
    assert again.json()[0]["outcome"] == "unchanged"
    assert dispatched == [pipeline.SCORE, pipeline.REVIEW, pipeline.NOTIFY, pipeline.ACCOUNT]
    assert Reading.objects.get().power_factor == pytest.approx(0.8)


def test_a_batch_is_answered_row_by_row(as_operator: Client, station: Substation) -> None:
    answer = post(as_operator, [ROW, {**ROW, "at": "soon"}, {**ROW, "substation": "SS-99"}])
    assert answer.status_code == 200
    assert [(row["outcome"], row["field"]) for row in answer.json()] == [
        ("accepted", ""),
        ("rejected", "at"),
        ("rejected", "substation"),
    ]


def test_a_batch_without_a_good_row_is_unprocessable(as_operator: Client, station: Substation) -> None:
    assert post(as_operator, {**ROW, "power_factor": 5}).status_code == 422


@pytest.mark.parametrize("body", [[], [1], "text", [[ROW]], {**ROW, "colour": "red"}])
def test_what_is_no_reading_is_a_bad_request(as_operator: Client, station: Substation, body: object) -> None:
    assert post(as_operator, body).status_code == 400


def test_a_batch_over_the_limit_is_refused_whole(as_operator: Client, station: Substation, settings: Any) -> None:
    settings.API_BATCH_MAX_ROWS = 2
    assert post(as_operator, [ROW] * 3).status_code == 413
    assert not Reading.objects.exists()


def test_a_token_does_as_well_as_a_session(client: Client, operator: Any, station: Substation) -> None:
    token = token_of(operator)
    answer = client.post(URL, ROW, content_type="application/json", headers=bearer(token))
    assert answer.status_code == 200
