"""The page and the API of overwritten readings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from ingestion import services as ingestion
from ingestion.models import OverwrittenReading
from substations.models import Substation

pytestmark = pytest.mark.django_db
URL = "/uploads/overwritten/"
API = "/api/overwritten-readings/"
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def replaced() -> None:
    Substation.objects.create(code="SS-01")
    for power in (100.0, 120.0):
        ingestion.load_rows([{"substation": "SS-01", "at": AT.isoformat(), "active_power_kw": power}], "feed")


def test_a_viewer_sees_what_was_measured_and_what_stands_there_now(
    replaced: None, signed_in: Callable[[str], Client]
) -> None:
    page = " ".join(signed_in("viewer").get(URL).content.decode().split())
    assert "100 → 120 kW" in page
    assert "SS-01" in page


def test_filters_find_it_or_say_that_nothing_matches(replaced: None, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("viewer")
    assert "100 → 120" in " ".join(
        client.get(URL, {"substation": "ss-01", "source": "command"}).content.decode().split()
    )
    assert "No overwritten reading matches" in client.get(URL, {"source": "upload 7"}).content.decode()


def test_an_empty_page_says_what_will_be_there(signed_in: Callable[[str], Client]) -> None:
    assert "No reading was overwritten yet." in signed_in("viewer").get(URL).content.decode()


@pytest.mark.parametrize("url", [URL, API])
def test_who_is_in_no_role_is_refused(url: str, signed_in: Callable[[str], Client]) -> None:
    assert signed_in("outsider").get(url).status_code == 403


def test_it_only_answers_to_get(admin_client: Client) -> None:
    assert admin_client.post(URL).status_code == 405
    assert admin_client.post(API, {}, content_type="application/json").status_code == 405


def test_the_export_has_a_line_for_each_value(replaced: None, admin_client: Client) -> None:
    answer = admin_client.get(URL, {"format": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[0].startswith("substation,at,channel,before")
    assert lines[1].replace("100.0,", "100,").startswith("SS-01,2026-03-02T10:00:00+00:00,active_power_kw,100,")
    assert admin_client.get(URL, {"format": "csv", "range": "x"}).status_code == 400


def test_the_api_has_them_by_substation_and_time(replaced: None, admin_client: Client) -> None:
    (row,) = admin_client.get(API, {"substation": "SS-01", "since": AT.isoformat()}).json()["results"]
    assert (row["substation"], row["before"], row["source"]) == ("SS-01", {"active_power_kw": 100.0}, "command")
    assert admin_client.get(API, {"until": AT.isoformat()}).json()["count"] == 0


def test_many_rows_ask_as_often_as_one(
    replaced: None, admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    row = OverwrittenReading.objects.get()
    for _number in range(60):
        row.pk = None
        row.save()
    with django_assert_num_queries(5):
        admin_client.get(URL)
