"""Tokens by the API: for a name and a password, and one's own to list and to revoke."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from smart_ems.accounts import api_tokens
from smart_ems.accounts.models import ApiToken
from smart_ems.accounts.tests.token_scenes import bearer, token_of
from smart_ems.dashboard.tests.scene import SignIn

pytestmark = pytest.mark.django_db
Cast = Callable[[str], User]
URL = "/api/tokens/"
PASSWORD = "secret-pass-1"


@pytest.fixture(autouse=True)
def _nobody_asked_before() -> None:
    cache.clear()


def exchange(password: str = PASSWORD) -> Any:
    return Client().post("/api/token/", {"username": "viewer-user", "password": password})


def test_the_right_password_gives_one_for_a_day(person: Cast) -> None:
    person("viewer")
    wrong = exchange("wrong")
    assert (wrong.status_code, "token" in wrong.json()) == (400, False)
    made = exchange().json()
    assert Client().get("/api/alerts/", headers=bearer(made["token"])).status_code == 200
    until = parse_datetime(made["expires_at"])
    assert until is not None
    assert timedelta(hours=23) < until - timezone.now() <= timedelta(days=1)


def test_a_program_that_signs_in_at_each_run_ends_its_oldest(person: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MAX_BY_PASSWORD", 3)
    user = person("viewer")
    kept = token_of(user)
    made = [exchange().json()["token"] for _each in range(4)]
    good = [Client().get(URL, headers=bearer(each)).status_code for each in (kept, *made)]
    assert good == [200, 401, 200, 200, 200]


def test_one_sees_ones_own_alone_and_no_secret(person: Cast, signed_in: SignIn) -> None:
    secret = token_of(person("operator"), ["read"], name="theirs")
    mine = signed_in("viewer")
    token_of(User.objects.get(username="viewer-user"), ["read", "operate"], name="mine")
    (row,) = mine.get(URL).json()["results"]
    assert (row["name"], row["scopes"], row["last_used_at"]) == ("mine", ["read", "operate"], None)
    (seen,) = Client().get(URL, headers=bearer(secret)).json()["results"]
    assert secret not in str(seen)
    assert mine.get(f"{URL}{seen['id']}/").status_code == 404


def test_even_a_user_without_a_role_has_tokens(signed_in: SignIn) -> None:
    assert signed_in("outsider").get(URL).json()["results"] == []


def test_one_revokes_ones_own_alone(person: Cast) -> None:
    secret, other = token_of(person("viewer")), token_of(person("operator"), name="theirs")
    theirs = ApiToken.objects.get(name="theirs")
    mine = ApiToken.objects.exclude(pk=theirs.pk).get()
    assert Client().delete(f"{URL}{theirs.pk}/", headers=bearer(secret)).status_code == 404
    assert Client().delete(f"{URL}{mine.pk}/", headers=bearer(secret)).status_code == 204
    assert Client().delete(f"{URL}{mine.pk}/", headers=bearer(secret)).status_code == 401
    assert Client().get(URL, headers=bearer(other)).status_code == 200


def test_a_token_makes_no_token(person: Cast) -> None:
    assert Client().post(URL, {"name": "more"}, headers=bearer(token_of(person("viewer")))).status_code == 405


def test_nobody_unknown_is_told_anything() -> None:
    assert Client().get(URL).status_code == 401
    assert Client().get("/api/token/").status_code == 405


def test_an_unknown_parameter_is_named(signed_in: SignIn) -> None:
    assert list(signed_in("viewer").get(f"{URL}?colour=red").json()) == ["colour"]
