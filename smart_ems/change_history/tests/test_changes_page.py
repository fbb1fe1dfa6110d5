"""The page of changes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from core.saved_fields import save_fields
from losses.models import Tariff
from smart_ems.change_history.models import ConfigurationChange
from substations.models import Link, Substation

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> Substation:
    ConfigurationChange.objects.all().delete()
    made = Substation.objects.create(code="SS-01", rated_kva=630)
    save_fields(made, rated_kva=800)
    return made


def shown(client: Client, query: str = "") -> str:
    answer = client.get(f"/changes/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_engineer_reads_who_changed_what(station: Substation, signed_in: Callable[[str], Client]) -> None:
    client = signed_in("engineer")
    client.post("/substations/SS-01/direction/", {"exports_power": "yes"})
    page = shown(client, "?action=changed")
    assert "engineer-user" in page
    assert "630.0 → 800.0" in page
    assert "Feeds in:" in page
    assert "not known → yes" in page  # the words of the choices


@pytest.mark.parametrize("role", ["viewer", "operator", "outsider"])
def test_it_is_for_engineers_and_administrators(role: str, signed_in: Callable[[str], Client]) -> None:
    client = signed_in(role)
    assert client.get("/changes/").status_code == 403
    assert "/changes/" not in client.get("/preferences/").content.decode()


def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client) -> None:
    assert client.get("/changes/").status_code == 302


def test_it_only_answers_to_get(admin_client: Client) -> None:
    assert admin_client.post("/changes/").status_code == 405


def test_an_empty_history_says_what_will_be_there(admin_client: Client) -> None:
    ConfigurationChange.objects.all().delete()
    assert "No changes yet." in shown(admin_client)
    assert "No change matches the filter." in shown(admin_client, "?author=nobody")


def test_of_a_substation_all_that_concerns_it_is_found(station: Substation, admin_client: Client) -> None:
    other = Substation.objects.create(code="SS-02")
    Link.objects.create(source=other, target=station)
    Tariff.objects.create(name="Night and day")
    page = shown(admin_client, "?substation=ss-01")
    assert "SS-02 → SS-01" in page
    assert "Night and day" not in page
    assert page.count("<tr>") == 4  # head, made, changed, link


def test_a_deleted_substation_is_found_by_its_code(station: Substation, admin_client: Client) -> None:
    station.delete()
    assert "Substation, deleted" in shown(admin_client, "?substation=SS-01")


def test_one_object_has_its_own_history(station: Substation, admin_client: Client) -> None:
    Substation.objects.create(code="SS-02")
    page = shown(admin_client, f"?subject=substations.substation&subject_pk={station.pk}")
    assert "SS-01" in page
    assert "SS-02" not in page


@pytest.mark.parametrize("query", ["?subject=nonsense", "?action=eaten", "?range=xx", "?from=1&to=2", "?page=zz"])
def test_a_filter_that_means_nothing_is_no_error(query: str, station: Substation, admin_client: Client) -> None:
    shown(admin_client, query)


def test_a_long_document_is_opened_where_it_is_wanted(station: Substation, admin_client: Client) -> None:
    ConfigurationChange.objects.create(
        at="2026-01-01T00:00Z", origin="page", action="changed", subject="losses.tariffversion", subject_pk="1",
        name="Two-part", changes={"document": [{"energy": list(range(40))}, {"energy": []}]},
    )  # fmt: skip
    assert "<details>" in shown(admin_client, "?subject=losses.tariffversion")


def test_of_a_kind_that_is_gone_the_stored_name_is_shown(admin_client: Client) -> None:
    ConfigurationChange.objects.create(
        at="2026-01-01T00:00Z", origin="page", action="changed", subject="old.thing", subject_pk="1", name="A thing",
        changes={"colour": ["red", "blue"]},
    )  # fmt: skip
    assert "red → blue" in shown(admin_client, "?author=")


def test_the_export_has_a_line_for_each_field(station: Substation, admin_client: Client) -> None:
    save_fields(station, name="=1+1", rated_kva=1000)
    answer = admin_client.get("/changes/?format=csv&action=changed")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["field"], row["before"], row["after"]) for row in rows] == [
        ("name", "", "'=1+1"),  # no spreadsheet runs it
        ("rated_kva", "800.0", "1000.0"),
        ("rated_kva", "630.0", "800.0"),
    ]


def test_an_export_of_no_range_is_refused_in_words(admin_client: Client) -> None:
    answer = admin_client.get("/changes/?format=csv&range=never")
    assert answer.status_code == 400
    assert "never" in answer.content.decode()


def test_the_page_asks_as_often_for_many_rows_as_for_one(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        Tariff.objects.create(name=f"Tariff {number}")
    admin_client.get("/changes/")
    with django_assert_num_queries(4):
        admin_client.get("/changes/")
