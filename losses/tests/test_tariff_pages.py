"""/losses/tariffs/: which tariffs there are, who is billed by them, and what each version says in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from losses.clause_sentences import charge_sentence
from losses.tariff_store import store_version
from losses.tariffs.tariff_document import schema
from losses.tariffs.worked_bills import checked_worked_bills, preset_paths, worked_path

from .billed_point import billed, client_of
from .tariff_documents import tariff

pytestmark = pytest.mark.django_db
URL = "/losses/tariffs/"


def test_tariffs_are_listed_with_their_versions_and_who_is_billed_today() -> None:
    billed()
    store_version(tariff(name="Other", status="confirmed"))
    shown = client_of("viewer").get(URL).content.decode()
    for text in ("Example", "Other", "Mill", "2020-01-01"):
        assert text in shown
    assert "Add a version" not in shown


def test_an_engineer_of_the_staff_is_led_to_the_administration() -> None:
    client = client_of("engineer")
    User.objects.update(is_staff=True)
    version = store_version(tariff())
    assert "/admin/losses/tariffversion/add/" in client.get(URL).content.decode()
    page = client.get(f"{URL}{version.pk}/").content.decode()
    assert f"/admin/losses/tariffversion/{version.pk}/change/" in page


def test_without_a_tariff_it_says_how_to_get_one() -> None:
    assert "--preset kerala" in client_of("viewer").get(URL).content.decode()


@pytest.mark.parametrize("path", preset_paths(), ids=lambda path: path.stem)
def test_every_tariff_that_comes_along_is_shown(path: Any) -> None:
    document = json.loads(path.read_text())
    version = store_version(document, checked_worked_bills(worked_path(path).read_bytes()))
    shown = client_of("viewer").get(f"{URL}{version.pk}/").content.decode()
    assert all(charge["title"] in shown.replace("&#x27;", "'") for charge in document["charges"])
    assert document["sources"][0]["title"] in shown.replace("&#x27;", "'").replace("&amp;", "&")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("energy", "peak 9.2, off-peak 6.1 per kWh"),
        (
            "demand",
            "400 per kVA of the highest 15 minutes; at least 80 % of the highest of the 11 months before; "
            "at least 75 % of the contract",
        ),
        ("capacity", "0.06 per agreed kVA and day; 0.12 for what goes beyond"),
        ("fixed", "500 a month"),
        (
            "power_factor",
            "of energy; −0.5 % for each full 0.01 from 0.95 to 1; 0.5 % for each full 0.01 from 0.95 to 0.9; "
            "1 % for each full 0.01 from 0.9 to 0.01; lagging counts; not above 30 %",
        ),
        (
            "reactive_energy",
            "inductive kvarh above 33 % of the kWh; period by period; "
            "0.041554 a kvarh at a power factor of 0.8 or more; else 0.062332 a kvarh; in P1, P2",
        ),
    ],
)
def test_each_kind_of_charge_says_what_it_bills(kind: str, sentence: str) -> None:
    assert charge_sentence(schema()["$defs"][kind]["examples"][0]) == sentence


@pytest.mark.parametrize("count", [1, 15])
def test_the_number_of_queries_does_not_grow(count: int, django_assert_max_num_queries: Any) -> None:
    for number in range(count):
        store_version(tariff(name=f"Tariff {number}"))
    client = client_of("viewer")
    with django_assert_max_num_queries(9):
        client.get(URL)
