"""Tariffs in the admin: parts with examples, refusals in words, and who may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from losses.models import Tariff, TariffVersion
from losses.tariff_store import store_version

from .tariff_documents import tariff

pytestmark = pytest.mark.django_db
ADD = reverse("admin:losses_tariffversion_add")


def client_of(role: str) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def parts(name: str = "Example", **values: Any) -> dict[str, Any]:
    document = tariff() | values
    stored, _ = Tariff.objects.get_or_create(name=name)
    head = {key: document[key] for key in ("currency", "status", "sources", "valid_from")}
    charges = json.dumps(document["charges"])
    return {"tariff": stored.pk, "head": json.dumps(head), "charges": charges, "worked": "[]"}


def test_each_part_has_an_example_beside_it() -> None:
    page = client_of("engineer").get(ADD).content.decode()
    for text in (
        "Each day of the year in one season",
        "&quot;otherwise&quot;: true",
        "&quot;reference_power_factor&quot;",
        "Electricity duty",
        "5 × 0.5 % + 3 × 1 % = 5.5 %, 33,000",
        "600 × 400 = 240,000",
    ):
        assert text in page


def test_parts_make_a_version() -> None:
    assert client_of("engineer").post(ADD, parts()).status_code == 302
    assert TariffVersion.objects.get().document == tariff()


def test_a_file_takes_the_place_of_the_parts() -> None:
    file = SimpleUploadedFile("t.json", json.dumps(tariff(decimals=0)).encode())
    assert client_of("engineer").post(ADD, parts() | {"file": file}).status_code == 302
    assert TariffVersion.objects.get().document["decimals"] == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"charges": "[]"}, "received nothing for “charges”"),
        ({"charges": "{"}, "Enter a valid JSON"),
        ({"seasons": json.dumps([{"name": "dry", "from": "01-01", "to": "06-30"}])}, "received no season for 07-01"),
        ({"head": "{}"}, "received nothing for “currency”"),
        ({"file": SimpleUploadedFile("t.json", b"nothing")}, "line 1, column 1: this is not JSON"),
        (
            {"file": SimpleUploadedFile("t.json", json.dumps(tariff(name="Other")).encode())},
            "expected one of “Example”",
        ),
        ({"tariff": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_is_said_on_the_page(values: dict[str, Any], message: str) -> None:
    answer = client_of("engineer").post(ADD, parts() | values)
    assert answer.status_code == 200
    assert message in answer.content.decode()
    assert not TariffVersion.objects.exists()


def test_a_version_between_two_cannot_be_deleted() -> None:
    for start in ("2020-01-01", "2022-01-01", "2024-01-01"):
        store_version(tariff(valid_from=start), close_previous=True)
    client = client_of("engineer")
    states = [
        client.get(reverse("admin:losses_tariffversion_delete", args=[each.pk])).status_code
        for each in TariffVersion.objects.order_by("valid_from")
    ]
    assert states == [200, 403, 200]


def test_a_version_is_exported_as_json() -> None:
    version = store_version(tariff())
    asked = {"action": "export", "_selected_action": [version.pk]}
    answer = client_of("engineer").post(reverse("admin:losses_tariffversion_changelist"), asked)
    assert json.loads(answer.content) == tariff()


def test_a_viewer_looks_and_does_not_change() -> None:
    client = client_of("viewer")
    assert client.get(reverse("admin:losses_tariffversion_changelist")).status_code == 200
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, parts()).status_code == 403


def test_nobody_gets_in_without_signing_in() -> None:
    assert Client().get(ADD).status_code == 302
