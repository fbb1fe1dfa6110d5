"""The page of one's own tokens, and those of everybody in the administration."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from smart_ems.accounts.models import ApiToken
from smart_ems.accounts.tests.token_scenes import bearer, token_of
from smart_ems.dashboard.tests.scene import SignIn, text

pytestmark = pytest.mark.django_db
Cast = Callable[[str], User]
URL = "/tokens/"
FORM = {"name": "meter of yard 3", "scopes": ["read", "write_readings"], "days": "90"}


def viewer() -> User:
    return User.objects.get(username="viewer-user")


def test_it_needs_a_session(client: Client) -> None:
    for answer in (client.get(URL), client.post(URL, FORM), client.post("/tokens/1/revoke/")):
        assert answer.headers["Location"].startswith("/sign-in/")


def test_the_secret_is_shown_once(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    shown = re.search(r'value="(ems_[^"]+)"', text(client.post(URL, FORM)))
    assert shown is not None
    made = ApiToken.objects.get()
    assert (made.user, made.name, made.scopes) == (viewer(), "meter of yard 3", ["read", "write_readings"])
    assert made.expires_at is not None
    assert (made.expires_at - timezone.now()).days == 89
    again = text(client.get(URL))
    assert shown[1] not in again
    assert "meter of yard 3" in again
    assert Client().get("/api/tokens/", headers=bearer(shown[1])).status_code == 200


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["all"]}, {"days": "0"}, {"days": "400"},
              {"days": "soon"}, {"name": "a\0b"}],
)  # fmt: skip
def test_what_is_not_offered_is_refused(signed_in: SignIn, wrong: dict[str, Any]) -> None:
    answer = signed_in("viewer").post(URL, FORM | wrong)
    assert answer.status_code == 422
    assert 'class="errorlist"' in text(answer)
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(("limit", "offered"), [(365, [7, 30, 90, 365]), (45, [7, 30, 45]), (0, [7, 30, 90, 365, 0])])
def test_it_offers_what_the_site_allows(signed_in: SignIn, settings: Any, limit: int, offered: list[int]) -> None:
    settings.TOKEN_MAX_DAYS = limit
    page = text(signed_in("viewer").get(URL))
    assert [int(each) for each in re.findall(r'<option value="(\d+)"', page)] == offered
    chosen = re.search(r'<option value="(\d+)" selected', page)
    assert chosen is not None
    assert int(chosen[1]) == (limit or 365)


def test_one_revokes_ones_own_alone(signed_in: SignIn, person: Cast) -> None:
    client = signed_in("viewer")
    token_of(viewer())
    token_of(person("operator"))
    mine, theirs = ApiToken.objects.get(user=viewer()), ApiToken.objects.exclude(user=viewer()).get()
    assert client.post(f"/tokens/{theirs.pk}/revoke/").status_code == 404
    assert client.get(f"/tokens/{mine.pk}/revoke/").status_code == 405
    assert client.post(f"/tokens/{mine.pk}/revoke/").headers["Location"] == URL
    assert client.post(f"/tokens/{mine.pk}/revoke/").status_code == 404, "the second time"
    assert ApiToken.objects.get() == theirs


def test_htmx_gets_the_list_that_is_left(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    token_of(viewer(), name="one")
    token_of(viewer(), name="two")
    pk = ApiToken.objects.get(name="one").pk
    part = text(client.post(f"/tokens/{pk}/revoke/", headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<div id="tokens"')
    assert "The token is revoked." in part
    assert "two" in part


def test_more_tokens_cost_no_more_queries(signed_in: SignIn, django_assert_num_queries: Any) -> None:
    client = signed_in("viewer")
    for number in range(5):
        token_of(viewer(), name=str(number))
    client.get(URL)
    with django_assert_num_queries(5):  # session, user, tokens, and of the frame permissions twice
        client.get(URL)


def test_an_administrator_sees_and_revokes_those_of_everybody(admin_client: Client, person: Cast) -> None:
    secret = token_of(person("viewer"), name="meter of yard 3")
    token = ApiToken.objects.get()
    for page in ("/admin/accounts/apitoken/", f"/admin/accounts/apitoken/{token.pk}/change/"):
        content = text(admin_client.get(page))
        assert "meter of yard 3" in content
        assert secret not in content
        assert token.digest not in content
    assert admin_client.get("/admin/accounts/apitoken/add/").status_code == 403
    admin_client.post(f"/admin/accounts/apitoken/{token.pk}/delete/", {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_staff_without_the_permission_revokes_none(signed_in: SignIn) -> None:
    client = signed_in("engineer")
    user = User.objects.get()
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    token_of(user)
    pk = ApiToken.objects.get().pk
    assert client.get("/admin/accounts/apitoken/").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
    assert client.get("/admin/accounts/apitoken/").status_code == 200
    assert client.post(f"/admin/accounts/apitoken/{pk}/delete/", {"post": "yes"}).status_code == 403
