"""What one person may see is kept nowhere on the way."""

from __future__ import annotations

import pytest
from django.test import Client

from smart_ems.dashboard.tests.scene import SignIn, station

pytestmark = pytest.mark.django_db
PAGES = ("/", "/substations/", "/substations/A/", "/alerts/", "/uploads/", "/api/", "/api/substations/", "/api/alerts/")


@pytest.mark.parametrize("path", PAGES)
def test_pages_and_api_are_not_stored(signed_in: SignIn, path: str) -> None:
    station("A")
    answer = signed_in("engineer").get(path)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/sign-in/", "/nothing/", "/api/nothing/", "/api/alerts/", "/?q=%00"])
def test_nor_are_refusals(client: Client, path: str) -> None:
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_a_view_may_say_otherwise(client: Client) -> None:
    assert client.get("/push-worker.js").headers["Cache-Control"] == "no-cache"


def test_devices_that_no_page_uses_are_closed_to_scripts(client: Client) -> None:
    policy = client.get("/sign-in/").headers["Permissions-Policy"]
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))


@pytest.mark.parametrize("path", ["/substations/?q=%00", "/substations/a%00b/", "/alerts/?site=a%00"])
def test_a_nul_in_an_address_is_a_bad_request_in_words(signed_in: SignIn, path: str) -> None:
    answer = signed_in("viewer").get(path)
    assert answer.status_code == 400
    assert "NUL" in answer.content.decode()


def test_a_program_is_answered_as_json(signed_in: SignIn) -> None:
    answer = signed_in("engineer").get("/api/alerts/?site=%00")
    assert (answer.status_code, "NUL" in answer.json()["detail"]) == (400, True)
