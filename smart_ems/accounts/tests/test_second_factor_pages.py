"""The pages on which one sets a second factor up, changes and ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client

from smart_ems.accounts import second_factor
from smart_ems.accounts.models import SecurityEvent
from smart_ems.dashboard.tests.scene import text

from .factor_scenes import PASSWORD, code_of, is_signed_in, recovery_codes_of, signed_in_by_password, with_app

pytestmark = pytest.mark.django_db(transaction=True)
PAGES = (
    "/second-factor/", "/second-factor/app/", "/second-factor/app/end/", "/second-factor/keys/",
    "/second-factor/keys/1/end/", "/second-factor/recovery-codes/", "/second-factor/recovery-codes/new/",
    "/sign-in/confirm/", "/sign-in/confirm/code/", "/sign-in/confirm/key/",
)  # fmt: skip


@pytest.fixture
def user(person: Callable[[str], User]) -> User:
    return person("viewer")


def after_a_while(client: Client) -> Client:
    """The confirmation of the sign-in is too old."""
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    return client


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_them_without_a_session(client: Client, page: str) -> None:
    assert client.get(page).headers["Location"].startswith("/sign-in/?next=")


def test_app_and_codes_are_set_up_after_a_fresh_sign_in(user: User) -> None:
    client, _answer = signed_in_by_password(user.username)
    assert "Set up an app" in text(client.get("/second-factor/"))
    page = client.get("/second-factor/app/")
    assert "data:image/svg+xml;base64," in text(page)
    secret = page.context["form"].secret
    wrong = client.post("/second-factor/app/", {"code": "000000"})
    assert "This code is wrong" in text(wrong)
    assert wrong.context["form"].secret == secret, "a mistyped code does not change the key"
    client.post("/second-factor/app/", {"code": code_of(secret)})
    shown = text(client.get("/second-factor/recovery-codes/"))
    assert all(code in shown for code in recovery_codes_of(user))
    again = text(client.get("/second-factor/recovery-codes/"))
    assert not any(code in again for code in recovery_codes_of(user)), "they are shown once"
    assert "10 codes are left" in text(client.get("/second-factor/"))
    kinds = set(SecurityEvent.objects.filter(account=user.username).values_list("kind", flat=True))
    assert {"factor_added", "codes_made"} <= kinds


def test_it_asks_for_the_password_again_when_the_sign_in_is_old(user: User) -> None:
    client = after_a_while(signed_in_by_password(user.username)[0])
    answer = client.get("/second-factor/app/")
    assert answer.headers["Location"] == "/sign-in/confirm/?next=%2Fsecond-factor%2Fapp%2F"
    assert client.post(answer.headers["Location"], {"password": "wrong"}).status_code == 200
    assert client.get("/second-factor/app/").status_code == 302
    assert client.post(answer.headers["Location"], {"password": PASSWORD}).headers["Location"] == "/second-factor/app/"
    assert client.get("/second-factor/app/").status_code == 200


def test_or_for_a_code_and_guesses_of_both_are_limited(user: User) -> None:
    secret = with_app(user)
    client, _answer = signed_in_by_password(user.username)
    client.post("/sign-in/second-factor/", {"code": code_of(secret)})
    after_a_while(client)
    assert "Use a code" in text(client.get("/sign-in/confirm/?next=/second-factor/"))
    for _each in range(6):
        client.post("/sign-in/confirm/", {"password": "wrong"})
        client.post("/sign-in/confirm/code/", {"code": "000000"})
    client.post("/sign-in/confirm/", {"password": PASSWORD})
    assert "Too many" in text(client.post("/sign-in/confirm/code/", {"code": code_of(secret, steps=1)}))
    assert client.get("/second-factor/recovery-codes/new/").status_code == 302


def test_a_session_by_the_code_may_change_it(user: User) -> None:
    secret = with_app(user)
    client = after_a_while(signed_in_by_password(user.username)[0])
    client.post("/sign-in/second-factor/", {"code": code_of(secret)})
    after_a_while(client)
    confirm = "/sign-in/confirm/code/?next=/second-factor/recovery-codes/new/"
    answer = client.post(confirm, {"code": code_of(secret, steps=1)})
    assert answer.headers["Location"] == "/second-factor/recovery-codes/new/"
    before = recovery_codes_of(user)
    assert client.post("/second-factor/recovery-codes/new/").headers["Location"] == "/second-factor/recovery-codes/"
    assert set(before).isdisjoint(recovery_codes_of(user))


def test_ending_the_app_ends_the_codes_and_the_other_sessions(user: User) -> None:
    secret = with_app(user)
    other, _answer = signed_in_by_password(user.username)
    other.post("/sign-in/second-factor/", {"code": code_of(secret)})
    client, _answer = signed_in_by_password(user.username)
    client.post("/sign-in/second-factor/", {"code": code_of(secret, steps=1)})
    assert "no longer accepted" in text(client.get("/second-factor/app/end/"))
    assert client.post("/second-factor/app/end/").headers["Location"] == "/second-factor/"
    assert not Authenticator.objects.exists()
    assert client.get("/second-factor/").status_code == 200
    assert other.get("/").status_code == 302
    assert SecurityEvent.objects.filter(kind="factor_ended", actor=user.username).exists()


def test_setting_one_up_ends_sessions_that_were_opened_without(user: User) -> None:
    other, _answer = signed_in_by_password(user.username)
    with_app(user)
    assert other.get("/").status_code == 302


def test_the_key_of_somebody_else_cannot_be_ended(user: User, person: Callable[[str], User]) -> None:
    other = Authenticator.objects.create(user=person("operator"), type="webauthn", data={"name": "mine"})
    client, _answer = signed_in_by_password(user.username)
    assert client.post(f"/second-factor/keys/{other.pk}/end/").status_code == 404
    assert Authenticator.objects.filter(pk=other.pk).exists()


@pytest.mark.parametrize("credential", ["", "null", "[]", "{", '{"id": 5}', '{"rawId": "AA", "response": {"a": 1}}'])
def test_what_no_key_made_is_refused_in_words(user: User, credential: str) -> None:
    client, _answer = signed_in_by_password(user.username)
    client.get("/second-factor/keys/")
    answer = client.post("/second-factor/keys/", {"name": "k", "credential": credential})
    assert answer.status_code == 200
    assert not Authenticator.objects.exists()


def test_who_comes_from_elsewhere_may_set_one_up_shortly_after(user: User) -> None:
    """Neither password nor factor here: nothing can be asked for again."""
    client, _answer = signed_in_by_password(user.username)
    User.objects.update(password="!")
    client.force_login(User.objects.get())
    client.get("/")
    assert after_a_while(client).get("/second-factor/app/").status_code == 200
    session = client.session
    session["access"] = session["access"] | {"since": session["access"]["since"] - 3600}
    session.save()
    refused = client.get("/second-factor/app/")
    assert refused.status_code == 403
    assert "Sign out and in again" in text(refused)


def test_staff_end_it_for_somebody_who_lost_it(user: User, admin_client: Client) -> None:
    secret = with_app(user)
    session, _answer = signed_in_by_password(user.username)
    session.post("/sign-in/second-factor/", {"code": code_of(secret)})
    form = {"action": "end_second_factor", "_selected_action": [user.pk]}
    assert "is ended" in text(admin_client.post("/admin/auth/user/", form, follow=True))
    assert not second_factor.has_one(user)
    assert session.get("/").status_code == 302
    event = SecurityEvent.objects.get(kind="factor_ended")
    assert (event.account, event.actor) == (user.username, "admin")
    assert is_signed_in(signed_in_by_password(user.username)[0])


def test_staff_who_are_no_superusers_end_none_of_a_superuser(user: User, signed_in: Any) -> None:
    with_app(user)
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    client = signed_in("operator")
    helper = User.objects.get(username="operator-user")
    helper.is_staff = True
    helper.save()
    grant(helper, "view_user", "change_user")
    client.post("/admin/auth/user/", {"action": "end_second_factor", "_selected_action": [user.pk]})
    assert second_factor.has_one(user)


def grant(user: User, *codenames: str) -> None:
    from django.contrib.auth.models import Permission

    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


def test_secrets_are_not_in_the_administration(admin_client: Client) -> None:
    assert admin_client.get("/admin/mfa/authenticator/").status_code == 404
