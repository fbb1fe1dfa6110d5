"""Changes by the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from core.saved_fields import save_fields
from smart_ems.change_history.models import ConfigurationChange
from substations.models import Substation

pytestmark = pytest.mark.django_db
URL = "/api/configuration-changes/"


@pytest.fixture
def station() -> Substation:
    ConfigurationChange.objects.all().delete()
    made = Substation.objects.create(code="SS-01", rated_kva=630)
    save_fields(made, rated_kva=800)
    return made


def test_an_engineer_reads_them_newest_first(station: Substation, signed_in: Callable[[str], Client]) -> None:
    rows = signed_in("engineer").get(URL, {"substation": "SS-01"}).json()["results"]
    assert [(row["action"], row["changes"].get("rated_kva")) for row in rows] == [
        ("changed", [630.0, 800.0]),
        ("made", [None, 630.0]),
    ]


def test_times_bound_what_is_asked(station: Substation, admin_client: Client) -> None:
    assert admin_client.get(URL, {"until": "2020-01-01T00:00:00Z"}).json()["count"] == 0
    assert admin_client.get(URL, {"since": "2020-01-01T00:00:00Z", "substation": "SS-01"}).json()["count"] == 2


def test_a_viewer_is_refused(signed_in: Callable[[str], Client]) -> None:
    assert signed_in("viewer").get(URL).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_changes_one(method: str, station: Substation, admin_client: Client) -> None:
    pk = ConfigurationChange.objects.first().pk  # type: ignore[union-attr]
    answer = getattr(admin_client, method)(f"{URL}{pk}/", {}, content_type="application/json")
    assert answer.status_code == 405
    assert ConfigurationChange.objects.filter(pk=pk).exists()


def test_an_unknown_parameter_is_named(admin_client: Client) -> None:
    answer = admin_client.get(URL, {"who": "bea"})
    assert answer.status_code == 400
    assert "who" in answer.json()
