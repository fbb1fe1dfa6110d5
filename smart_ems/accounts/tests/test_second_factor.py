"""Signing in with a second factor: app and recovery codes. Security keys: ``tests/browser/test_security_keys.py``."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from smart_ems.accounts import sign_in
from smart_ems.accounts.models import SecurityEvent, SignInAttempt
from smart_ems.dashboard.tests.scene import text

from .factor_scenes import PASSWORD, code_of, is_signed_in, recovery_codes_of, signed_in_by_password, with_app

pytestmark = pytest.mark.django_db(transaction=True)
STEP = "/sign-in/second-factor/"
HOME, ABROAD = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def user(person: Callable[[str], User]) -> User:
    return person("viewer")


@pytest.fixture
def secret(user: User) -> str:
    return with_app(user)


def events(kind: str) -> int:
    return SecurityEvent.objects.filter(kind=kind).count()


def second_step(code: str, **where: Any) -> tuple[Client, Any]:
    client, _answer = signed_in_by_password("viewer-user", **where)
    return client, client.post(STEP, {"code": code}, **where)


@pytest.mark.usefixtures("user")
def test_without_one_the_password_is_enough() -> None:
    client, answer = signed_in_by_password("viewer-user")
    assert answer.headers["Location"] == "/"
    assert is_signed_in(client)


def test_the_password_alone_is_not_enough_any_more(secret: str) -> None:
    before = events("signed_in")
    client, answer = signed_in_by_password("viewer-user")
    assert answer.headers["Location"] == STEP
    assert not is_signed_in(client)
    assert client.get("/").status_code == 302
    assert client.get("/api/alerts/").status_code == 401
    assert events("signed_in") == before


def test_a_code_of_the_app_ends_the_sign_in_and_leads_where_one_wanted_to_go(secret: str) -> None:
    client = Client()
    client.post("/sign-in/", {"username": "viewer-user", "password": PASSWORD, "next": "/alerts/"})
    assert "authenticator app" in text(client.get(STEP))
    answer = client.post(STEP, {"code": code_of(secret)})
    assert answer.headers["Location"] == "/alerts/"
    assert is_signed_in(client)


@pytest.mark.parametrize(("steps", "is_in"), [(-2, False), (-1, True), (1, True), (3, False)])
def test_a_clock_may_be_off_by_one_step(secret: str, steps: int, is_in: bool) -> None:
    assert is_signed_in(second_step(code_of(secret, steps=steps))[0]) == is_in


def test_a_code_is_good_once(secret: str) -> None:
    code = code_of(secret)
    assert is_signed_in(second_step(code)[0])
    client, answer = second_step(code)
    assert not is_signed_in(client)
    assert "used already" in text(answer)
    assert is_signed_in(second_step(code_of(secret, steps=1))[0])


def test_nor_is_an_earlier_one_good_after_a_later_one(secret: str) -> None:
    second_step(code_of(secret, steps=1))
    assert not is_signed_in(second_step(code_of(secret))[0])


def test_the_code_that_set_it_up_is_used_up(user: User) -> None:
    client, _answer = signed_in_by_password(user.username)
    secret = str(client.get("/second-factor/app/").context["form"].secret)
    client.post("/second-factor/app/", {"code": code_of(secret)})
    assert not is_signed_in(second_step(code_of(secret))[0])


def test_a_wrong_code_is_said_and_written_down(secret: str) -> None:
    client, answer = second_step("000000")
    assert "This code is wrong" in text(answer)
    assert not is_signed_in(client)
    assert events("code_refused") == 1


@pytest.mark.parametrize("code", ["", "x" * 5000, "０００００００", "\x00", "12 34"])
def test_what_is_no_code_is_refused_in_words(secret: str, code: str) -> None:
    client, answer = second_step(code)
    assert answer.status_code == 200
    assert not is_signed_in(client)


def test_five_wrong_codes_of_unknown_browsers_close_it_to_them_all(secret: str) -> None:
    for number in range(5):
        second_step("000000", REMOTE_ADDR=f"203.0.{number}.1")
    client, answer = second_step(code_of(secret), REMOTE_ADDR=ABROAD)
    assert "Too many attempts" in text(answer)
    assert not is_signed_in(client)
    SignInAttempt.objects.filter(succeeded=False).update(at=SignInAttempt.objects.latest("at").at - timedelta(hours=1))
    assert is_signed_in(second_step(code_of(secret), REMOTE_ADDR=ABROAD)[0])


def test_the_owner_gets_in_from_the_usual_browser_while_somebody_guesses(secret: str) -> None:
    browser, _answer = second_step(code_of(secret))
    browser.post("/sign-out/")
    for _each in range(sign_in.MAX_FROM_ONE_PLACE + 1):
        second_step("000000", REMOTE_ADDR=ABROAD)
    signed_in_by_password("viewer-user", browser)
    browser.post(STEP, {"code": code_of(secret, steps=1)})
    assert is_signed_in(browser)


def test_a_recovery_code_stands_in_once(secret: str, user: User) -> None:
    code = recovery_codes_of(user)[0]
    assert is_signed_in(second_step(code)[0])
    assert events("recovery_code_used") == 1
    assert not is_signed_in(second_step(code)[0])
    assert len(recovery_codes_of(user)) == 9


def test_nobody_comes_to_the_second_step_without_the_first(client: Client) -> None:
    assert client.get(STEP).headers["Location"] == "/sign-in/"
    assert client.post(STEP, {"code": "123456"}).headers["Location"] == "/sign-in/"


def test_the_first_step_is_good_for_a_quarter_of_an_hour(secret: str) -> None:
    client, _answer = signed_in_by_password("viewer-user")
    session = client.session
    session["account_login"] = session["account_login"] | {"initiated_at": 1}
    session.save()
    assert client.post(STEP, {"code": code_of(secret)}).headers["Location"] == "/sign-in/"
    assert not is_signed_in(client)


def test_who_was_disabled_between_the_steps_stays_out(secret: str) -> None:
    client, _answer = signed_in_by_password("viewer-user")
    User.objects.update(is_active=False)
    client.post(STEP, {"code": code_of(secret)})
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("credential", ["", "null", "[]", "5", "{", '{"id": 5}', '{"rawId": "AA", "response": {}}'])
def test_what_is_no_answer_of_a_key_is_refused_in_words(secret: str, credential: str) -> None:
    client, _answer = signed_in_by_password("viewer-user")
    client.get(STEP)
    assert client.post(STEP, {"credential": credential}).status_code == 200
    assert not is_signed_in(client)


def test_secrets_are_stored_encrypted(secret: str, user: User) -> None:
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not any(code in kept for code in recovery_codes_of(user))


def test_with_another_secret_key_it_says_who_can_help(secret: str, settings: Any) -> None:
    client, _answer = signed_in_by_password("viewer-user")
    session = dict(client.session)
    settings.SECRET_KEY = "another"
    kept = client.session
    kept.update({"account_login": session["account_login"]})
    kept.save()
    client.cookies["sessionid"] = str(kept.session_key)
    answer = client.post(STEP, {"code": code_of(secret)})
    assert answer.status_code == 403
    assert "An administrator has to end it" in text(answer)


def test_the_administration_leads_to_the_same_two_steps(secret: str) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    client, _answer = signed_in_by_password("viewer-user")
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == "/sign-in/?next=/admin/"
    client.post("/admin/login/", {"username": "viewer-user", "password": PASSWORD})
    assert not is_signed_in(client)


def test_who_is_signed_in_and_no_staff_is_said_so(signed_in: Callable[[str], Client]) -> None:
    answer = signed_in("operator").get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "for staff" in text(answer)


def test_a_password_gives_no_api_token_without_a_code(secret: str) -> None:
    form = {"username": "viewer-user", "password": PASSWORD}
    refused = Client().post("/api/token/", form)
    assert (refused.status_code, list(refused.json())) == (400, ["code"])
    assert Client().post("/api/token/", form | {"code": "000000"}).status_code == 400
    code = code_of(secret)
    assert Client().post("/api/token/", form | {"code": code}).status_code == 200
    assert Client().post("/api/token/", form | {"code": code}).status_code == 400


@pytest.mark.postgres
def test_of_two_at_once_with_one_code_one_gets_in(secret: str) -> None:
    """On SQLite one waits for the other by itself, and tests have it in memory."""
    clients = [signed_in_by_password("viewer-user")[0] for _each in range(4)]
    code = code_of(secret)

    def send(client: Client) -> None:
        client.post(STEP, {"code": code})
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, clients))
    assert sum(is_signed_in(client) for client in clients) == 1
