"""Changing one's password, and what ends with the old one."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from smart_ems.accounts.models import ApiToken
from smart_ems.accounts.tests.token_scenes import token_of
from smart_ems.dashboard.tests.scene import SignIn, text

pytestmark = pytest.mark.django_db
OLD, NEW = "secret-pass-1", "another-word-77"


def change(client: Client, **more: str) -> Any:
    data = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW, **more}
    return client.post("/password/", data, follow=True)


def test_it_offers_to_end_the_tokens_where_there_are_any(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert "end_tokens" not in text(client.get("/password/"))
    token_of(User.objects.get())
    page = text(client.get("/password/"))
    assert 'name="end_tokens"' in page
    assert " checked" in page


def test_they_end_where_that_is_ticked(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    token_of(User.objects.get())
    assert "1 API token is revoked." in text(change(client, end_tokens="on"))
    assert not ApiToken.objects.exists()


def test_they_stay_where_it_is_not(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    token_of(User.objects.get())
    change(client)
    assert ApiToken.objects.count() == 1


def test_those_of_others_stay_and_a_wrong_password_ends_none(signed_in: SignIn, person: Any) -> None:
    client = signed_in("viewer")
    token_of(User.objects.get())
    token_of(person("operator"))
    change(client, old_password="wrong", end_tokens="on")
    assert ApiToken.objects.count() == 2
    change(client, end_tokens="on")
    assert ApiToken.objects.get().user.username == "operator-user"
