"""Tokens of the API: what is stored of them, who is let in by one, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st

from smart_ems.accounts import api_tokens
from smart_ems.accounts.models import ApiToken, Scope
from smart_ems.accounts.tests.token_scenes import bearer, token_of

pytestmark = pytest.mark.django_db
Cast = Callable[[str], User]
URL = "/api/alerts/"


def ask(header: str) -> Any:
    return Client().get(URL, headers={"Authorization": header})


def test_the_secret_is_stored_nowhere(person: Cast) -> None:
    secret = token_of(person("viewer"))
    kept = ApiToken.objects.values().get()
    assert secret not in str(kept)
    assert (kept["hint"], len(kept["digest"])) == (secret[:10], 64)
    assert len(secret) > 40


@pytest.mark.parametrize("keyword", ["Bearer", "bearer", "Token"])
def test_it_signs_in_also_under_the_word_of_before(person: Cast, keyword: str) -> None:
    assert ask(f"{keyword} {token_of(person('viewer'))}").status_code == 200


def test_it_gives_no_more_than_its_user_may(person: Cast) -> None:
    assert ask(f"Bearer {token_of(person('outsider'))}").status_code == 403


@pytest.mark.parametrize(
    ("header", "said"),
    [("Bearer nothing", "not known"), ("Bearer", "expected the token"), ("Bearer a b", "Received 2 words"),
     ("Bearer ümläut", "not known")],
)  # fmt: skip
def test_what_is_no_token_is_refused_in_words(header: str, said: str) -> None:
    answer = ask(header)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert said in answer.json()["detail"]


@of_hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80))
def test_no_header_is_a_failure(text: str) -> None:
    assert ask(f"Bearer {text}").status_code == 401


def test_it_expires(person: Cast) -> None:
    secret = token_of(person("viewer"), days=7)
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(seconds=60))
    assert ask(f"Bearer {secret}").status_code == 200
    ApiToken.objects.update(expires_at=timezone.now())
    answer = ask(f"Bearer {secret}")
    assert (answer.status_code, "expired on" in answer.json()["detail"]) == (401, True)


def test_a_user_who_may_not_sign_in_has_none_that_is_good(person: Cast) -> None:
    secret = token_of(person("viewer"))
    User.objects.update(is_active=False)
    assert ask(f"Bearer {secret}").status_code == 401


def test_it_opens_the_api_and_no_page(person: Cast) -> None:
    answer = Client().get("/alerts/", headers=bearer(token_of(person("engineer"))))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/alerts/")


def test_a_user_has_several_and_each_ends_alone(person: Cast) -> None:
    user = person("viewer")
    first, second = token_of(user, name="one"), token_of(user, name="two")
    ApiToken.objects.get(name="one").delete()
    assert (ask(f"Bearer {first}").status_code, ask(f"Bearer {second}").status_code) == (401, 200)


def test_its_last_use_is_noted_once_a_minute(person: Cast, django_assert_num_queries: Any) -> None:
    token, secret = api_tokens.make(
        person("viewer"), name="x", scopes=[Scope.READ], days=7, now=timezone.now()
    )  # fmt: skip
    assert token.last_used_at is None
    ask(f"Bearer {secret}")
    noted = ApiToken.objects.get().last_used_at
    assert noted is not None
    ask(f"Bearer {secret}")
    assert ApiToken.objects.get().last_used_at == noted
    with django_assert_num_queries(1):
        api_tokens.find(secret)
    ApiToken.objects.update(last_used_at=noted - timedelta(seconds=60))
    ask(f"Bearer {secret}")
    assert ApiToken.objects.get().last_used_at >= noted  # type: ignore[operator]


@pytest.mark.parametrize("days", [0, -1, 366, 10**9])
def test_it_lasts_no_longer_than_the_site_allows(person: Cast, days: int) -> None:
    with pytest.raises(ValidationError, match="expected 1 to 365"):
        token_of(person("viewer"), days=days)


def test_only_a_site_without_a_limit_allows_never(person: Cast, settings: Any) -> None:
    settings.TOKEN_MAX_DAYS = 0
    token_of(person("viewer"), days=0)
    assert ApiToken.objects.get().expires_at is None
    for days in (-1, 10**9):
        with pytest.raises(ValidationError, match="0 for never"):
            api_tokens.expiry(days, now=timezone.now())


@pytest.mark.parametrize("scopes", [[], ["read", "everything"], [""]])
def test_a_scope_that_is_none_is_named(person: Cast, scopes: list[str]) -> None:
    with pytest.raises(ValidationError, match="expected one or more of read, write_readings, operate"):
        token_of(person("viewer"), scopes)


@pytest.mark.parametrize("name", ["", "x" * 81])
def test_it_has_a_name(person: Cast, name: str) -> None:
    with pytest.raises(ValidationError):
        token_of(person("viewer"), name=name)


def test_nobody_has_more_than_anybody_can_tell_apart(person: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 2)
    user = person("viewer")
    token_of(user), token_of(user)
    with pytest.raises(ValidationError, match="revoke one first"):
        token_of(user)
    ApiToken.objects.filter(pk=ApiToken.objects.all()[0].pk).update(expires_at=timezone.now())
    token_of(user)
    token_of(person("operator"))


def test_what_expired_a_month_ago_is_dropped(person: Cast) -> None:
    user = person("viewer")
    token_of(user, name="old")
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(days=30))
    token_of(user, name="new")
    assert [each.name for each in ApiToken.objects.all()] == ["new"]
