"""Signing in and out, and changing the password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from smart_ems.dashboard.tests.scene import SignIn, text

pytestmark = pytest.mark.django_db
Cast = Callable[[str], User]
PASSWORD = "secret-pass-1"


def sign_in(client: Client, url: str = "/sign-in/", password: str = PASSWORD, **more: str) -> Any:
    return client.post(url, {"username": "viewer-user", "password": password, **more})


def test_a_page_asks_to_sign_in_and_leads_back(client: Client, person: Cast) -> None:
    person("viewer")
    assert client.get("/alerts/").headers["Location"] == "/sign-in/?next=/alerts/"
    assert 'name="next" value="/alerts/"' in text(client.get("/sign-in/?next=/alerts/"))
    assert sign_in(client, next="/alerts/").headers["Location"] == "/alerts/"
    assert client.get("/alerts/").status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_to_another_host(client: Client, person: Cast, elsewhere: str) -> None:
    person("viewer")
    assert sign_in(client, next=elsewhere).headers["Location"] == "/"
    assert sign_in(client, f"/sign-in/?next={elsewhere}").headers["Location"] == "/"


def test_a_wrong_password_is_said_and_not_shown_again(client: Client, person: Cast) -> None:
    person("viewer")
    answer = sign_in(client, password="wrong-and-typed")
    assert answer.status_code == 200
    page = text(answer)
    assert "Please enter a correct username and password." in page
    assert "wrong-and-typed" not in page
    assert "_auth_user_id" not in client.session


def test_one_who_was_disabled_stays_out(client: Client, person: Cast) -> None:
    person("viewer")
    User.objects.update(is_active=False)
    sign_in(client)
    assert "_auth_user_id" not in client.session


def test_one_who_is_signed_in_needs_no_form(signed_in: SignIn) -> None:
    assert signed_in("viewer").get("/sign-in/").headers["Location"] == "/"


def test_a_form_from_another_site_is_refused(person: Cast) -> None:
    person("viewer")
    assert sign_in(Client(enforce_csrf_checks=True)).status_code == 403


def test_signing_out_takes_a_post_and_ends_the_session(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/").status_code == 200
    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302


def change(client: Client, old: str, new: str, again: str) -> int:
    data = {"old_password": old, "new_password1": new, "new_password2": again}
    return client.post("/password/", data).status_code


def test_the_password_is_changed_and_the_session_goes_on(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert change(client, PASSWORD, "another-word-77", "another-word-77") == 302
    assert client.get("/password/done/").status_code == 200
    assert User.objects.get().check_password("another-word-77")


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [("wrong", "another-word-77", "another-word-77"), (PASSWORD, "another-word-77", "different-77"),
     (PASSWORD, "12345678", "12345678"), (PASSWORD, "short", "short"), (PASSWORD, "viewer-user", "viewer-user")],
)  # fmt: skip
def test_a_bad_change_changes_nothing(signed_in: SignIn, old: str, new: str, again: str) -> None:
    assert change(signed_in("viewer"), old, new, again) == 200
    assert User.objects.get().check_password(PASSWORD)


def test_changing_it_needs_a_session(client: Client) -> None:
    assert client.get("/password/").headers["Location"].startswith("/sign-in/")
