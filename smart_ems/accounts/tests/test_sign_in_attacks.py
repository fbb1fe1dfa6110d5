"""Somebody attacks an account while its owner signs in: the attack gets nowhere, and the owner gets in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client
from django.utils import timezone

from smart_ems.accounts import known_devices, sign_in
from smart_ems.accounts.models import SignInAttempt
from smart_ems.dashboard.tests.scene import text

pytestmark = pytest.mark.django_db
RIGHT = "secret-pass-1"
HOME, ABROAD = "192.0.2.7", "198.51.100.9"


@pytest.fixture(autouse=True)
def owner(person: Callable[[str], User]) -> User:
    return person("viewer")


def attempt(client: Client, typed: str, address: str, name: str = "viewer-user", **headers: str) -> bool:
    """Whether it got in."""
    answer = client.post("/sign-in/", {"username": name, "password": typed}, REMOTE_ADDR=address, headers=headers)
    return bool(answer.status_code == 302)


def attack(networks: int, tries: int = 1) -> int:
    """Guess from many networks; how many of the guesses were looked at."""
    before = SignInAttempt.objects.filter(succeeded=False).count()
    for number in range(networks):
        for _each in range(tries):
            assert not attempt(Client(), "guess", f"100.{number // 256}.{number % 256}.1")
    return SignInAttempt.objects.filter(succeeded=False).count() - before


def signed_out(client: Client) -> Client:
    client.post("/sign-out/")
    return client


def test_the_owner_gets_in_from_a_new_place_while_it_goes_on() -> None:
    attack(40)
    assert attempt(Client(), RIGHT, ABROAD)


def test_but_has_one_try_there() -> None:
    attack(40)
    assert not attempt(Client(), "mistyped", ABROAD)
    assert not attempt(Client(), RIGHT, ABROAD)


def test_many_networks_have_one_try_each_once_there_were_thirty() -> None:
    assert attack(6, tries=5) == 30
    assert attack(20, tries=5) == 14, "the six have had theirs, and the others have one each"


def test_addresses_of_one_network_are_one_place() -> None:
    for number in range(5):
        attempt(Client(), "guess", f"192.0.2.{number}")
    assert not attempt(Client(), RIGHT, "192.0.2.200")
    for number in range(5):
        attempt(Client(), "guess", f"2001:db8:1:{number}::1", name="another")
    assert sign_in.wait("another", "2001:db8:1::/48", now=SignInAttempt.objects.latest("at").at) is not None


def test_who_signed_in_before_is_not_locked_out_by_guesses_from_the_same_network() -> None:
    browser = Client()
    assert attempt(browser, RIGHT, HOME)
    signed_out(browser)
    for _each in range(9):
        attempt(Client(), "guess", HOME)
    assert not attempt(Client(), RIGHT, HOME), "another browser there waits"
    assert attempt(browser, RIGHT, HOME)
    assert attempt(signed_out(browser), RIGHT, ABROAD), "nor anywhere else"


def test_a_browser_that_is_known_has_five_tries_too() -> None:
    browser = Client()
    attempt(browser, RIGHT, HOME)
    signed_out(browser)
    for number in range(5):
        attempt(browser, "guess", f"100.0.{number}.1")
    assert not attempt(browser, RIGHT, "100.1.0.1")
    assert attempt(Client(), RIGHT, "100.1.0.1"), "its tries are nobody else's"


def test_a_browser_is_known_to_the_accounts_it_was_signed_in_to_alone(person: Callable[[str], User]) -> None:
    person("operator")
    browser = Client()
    attempt(browser, RIGHT, HOME, name="operator-user")
    signed_out(browser)
    for _each in range(9):
        attempt(browser, "guess", HOME)
    assert not attempt(browser, RIGHT, HOME)
    assert attempt(browser, RIGHT, HOME, name="operator-user")


@pytest.mark.parametrize(
    "cookie",
    ["", "x", "a:b:c", signing.dumps({"a": "b"}), signing.dumps([1], salt=known_devices.SALT)],
    ids=["empty", "text", "signature", "other salt", "no accounts"],
)
def test_a_cookie_that_is_forged_is_none(cookie: str) -> None:
    browser = Client()
    browser.cookies[known_devices.COOKIE] = cookie
    for _each in range(9):
        attempt(browser, "guess", HOME)
    assert not attempt(browser, RIGHT, HOME)
    assert attempt(browser, RIGHT, ABROAD)


def test_the_cookie_is_closed_to_scripts_and_knows_a_few_accounts(person: Callable[[str], User]) -> None:
    browser = Client()
    for number in range(known_devices.MAX_ACCOUNTS + 2):
        User.objects.create_user(f"user-{number}", password=RIGHT)
        attempt(browser, RIGHT, HOME, name=f"user-{number}")
        signed_out(browser)
    cookie = browser.cookies[known_devices.COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    kept = signing.loads(cookie.value, salt=known_devices.SALT)
    assert len(kept) == known_devices.MAX_ACCOUNTS
    assert sign_in.account_of("user-11")[: known_devices.ACCOUNT_LENGTH] in kept
    assert not any("user" in each for each in kept)


@pytest.mark.parametrize("is_behind_proxy", [True, False])
def test_a_forged_header_is_no_way_round(settings: Any, is_behind_proxy: bool) -> None:
    if is_behind_proxy:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for number in range(5):
        forwarded = f"203.0.{number}.1" + (f", {HOME}" if is_behind_proxy else "")
        attempt(Client(), "guess", HOME, **{"X-Forwarded-For": forwarded})
    forwarded = "8.8.8.8" + (f", {HOME}" if is_behind_proxy else "")
    assert not attempt(Client(), RIGHT, HOME, **{"X-Forwarded-For": forwarded})


def test_nobody_is_locked_out_by_a_header_in_their_name(settings: Any) -> None:
    for _each in range(9):
        attempt(Client(), "guess", ABROAD, **{"X-Forwarded-For": HOME})
    assert attempt(Client(), RIGHT, HOME)


def test_a_unix_socket_has_a_limit_too() -> None:
    for _each in range(5):
        attempt(Client(), "guess", "")
    assert not attempt(Client(), RIGHT, "")


def test_many_at_once_are_no_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is counted before its password is looked at: here all of them pass the first look."""
    monkeypatch.setattr(sign_in, "wait", lambda *args, **values: None)
    begun = [sign_in.begin("viewer-user", "192.0.2.0/24", now=timezone.now()) for _each in range(20)]
    assert sum(each is not None for each in begun) == 5


def test_the_page_says_how_long_to_wait() -> None:
    for _each in range(5):
        attempt(Client(), "guess", HOME)
    answer = Client().post("/sign-in/", {"username": "viewer-user", "password": RIGHT}, REMOTE_ADDR=HOME)
    assert "can be tried again from here in 15 minutes" in text(answer)
