"""``EMS_REQUIRE_MFA``: who has to have a second factor and has none sets it up before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from smart_ems.dashboard.tests.scene import text
from smart_ems.env import one_of

from .factor_scenes import PASSWORD, code_of, signed_in_by_password, with_app
from .token_scenes import token_of

pytestmark = pytest.mark.django_db(transaction=True)
SETUP = "/second-factor/"


@pytest.fixture
def staff(person: Callable[[str], User], settings: Any) -> User:
    settings.REQUIRE_MFA = "staff"
    user = person("engineer")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.refresh_from_db()
    return user


@pytest.fixture
def browser(staff: User) -> Client:
    return signed_in_by_password(staff.username)[0]


@pytest.mark.parametrize("page", ["/", "/alerts/", "/preferences/", "/tokens/", "/password/", "/admin/", "/design/"])
def test_every_page_leads_to_the_setup(browser: Client, page: str) -> None:
    assert browser.get(page).headers["Location"] == SETUP


def test_fragments_lead_the_page_there_and_streams_end(browser: Client) -> None:
    fragment = browser.get("/dashboard/counters/", headers={"HX-Request": "true"})
    assert (fragment.headers["HX-Redirect"], fragment.content) == (SETUP, b"")
    assert browser.get("/events/", headers={"Accept": "text/event-stream"}).status_code == 403


def test_a_post_changes_nothing(browser: Client) -> None:
    assert browser.post("/tokens/", {"name": "x", "scopes": ["read"], "days": 7}).headers["Location"] == SETUP
    assert browser.post("/api/tokens/").status_code == 403


def test_the_api_says_it_in_words(browser: Client) -> None:
    refused = browser.get("/api/alerts/")
    assert refused.status_code == 403
    assert "needs a second factor" in refused.json()["detail"]
    assert browser.get("/api/schema/").status_code == 403


def test_tokens_are_not_affected(staff: User) -> None:
    header = {"Authorization": f"Bearer {token_of(staff)}"}
    assert Client().get("/api/alerts/", headers=header).status_code == 200


def test_no_token_by_password_before(staff: User) -> None:
    answer = Client().post("/api/token/", {"username": staff.username, "password": PASSWORD})
    assert answer.status_code == 403
    assert "needs a second factor" in answer.json()["detail"]


def test_the_setup_has_no_frame_and_leads_on(browser: Client, staff: User) -> None:
    page = text(browser.get(SETUP))
    assert "needs a second factor" in page
    assert 'class="frame"' not in page
    assert "data-events" not in page
    assert "Sign out" in page
    secret = browser.get("/second-factor/app/").context["form"].secret
    browser.post("/second-factor/app/", {"code": code_of(secret)})
    assert browser.get("/second-factor/recovery-codes/").status_code == 200
    assert browser.get("/").status_code == 200
    assert browser.get("/api/alerts/").status_code == 200


def test_signing_out_is_possible(browser: Client) -> None:
    assert browser.post("/sign-out/").headers["Location"] == "/sign-in/"


def test_what_is_public_stays_public(browser: Client) -> None:
    assert browser.get("/healthz").status_code == 200


def test_ending_it_leads_to_the_setup_again(staff: User) -> None:
    secret = with_app(staff)
    client, _answer = signed_in_by_password(staff.username)
    client.post("/sign-in/second-factor/", {"code": code_of(secret)})
    assert client.get("/").status_code == 200
    client.post("/second-factor/app/end/")
    assert client.get("/").headers["Location"] == SETUP


@pytest.mark.parametrize(
    ("required", "operator", "superuser"), [("none", 200, 200), ("staff", 200, 302), ("all", 302, 302)]
)
def test_whom_it_asks(
    person: Callable[[str], User], settings: Any, required: str, operator: int, superuser: int
) -> None:
    settings.REQUIRE_MFA = required
    User.objects.create_superuser("root", password=PASSWORD)
    person("operator")
    assert signed_in_by_password("operator-user")[0].get("/").status_code == operator
    assert signed_in_by_password("root")[0].get("/").status_code == superuser


def test_a_word_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMS_REQUIRE_MFA", "some")
    with pytest.raises(ImproperlyConfigured, match="received “some”; expected one of none, staff, all"):
        one_of("EMS_REQUIRE_MFA", ("none", "staff", "all"), default="none")
