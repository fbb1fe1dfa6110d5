"""How often somebody may try to sign in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from smart_ems.accounts import sign_in
from smart_ems.accounts.models import SignInAttempt
from smart_ems.dashboard.tests.scene import text

pytestmark = pytest.mark.django_db
Cast = Callable[[str], User]
RIGHT = "secret-pass-1"
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


def attempt(
    typed: str = "guess", *, address: str = HOME, name: str = "viewer-user", entry_point: str = "/sign-in/"
) -> Any:
    return Client().post(entry_point, {"username": name, "password": typed}, REMOTE_ADDR=address)


def is_in(answer: Any) -> bool:
    return bool(answer.status_code == 302)


def guess(times: int, **where: str) -> None:
    for _each in range(times):
        attempt(**where)


def test_the_fifth_wrong_password_closes_the_account_to_that_address_and_says_for_how_long(person: Cast) -> None:
    person("viewer")
    guess(4)
    assert "correct username and password" in text(attempt("wrong again", address=ELSEWHERE))
    assert "again from here in 15 minutes" in text(attempt())
    assert not is_in(attempt(RIGHT)), "the right password is not looked at either"
    assert is_in(attempt(RIGHT, address=ELSEWHERE)), "nobody else is locked out"


def test_it_opens_again_after_a_quarter_of_an_hour(person: Cast) -> None:
    person("viewer")
    guess(5)
    SignInAttempt.objects.update(at=timezone.now() - sign_in.WINDOW)
    assert is_in(attempt(RIGHT))


def test_what_is_refused_does_not_prolong_it(person: Cast) -> None:
    person("viewer")
    guess(9)
    assert SignInAttempt.objects.count() == 5


def test_a_success_ends_the_count(person: Cast) -> None:
    person("viewer")
    guess(4)
    assert is_in(attempt(RIGHT))
    guess(4)
    assert is_in(attempt(RIGHT))


def test_other_accounts_of_the_same_address_are_untouched(person: Cast) -> None:
    person("viewer")
    person("operator")
    guess(5)
    assert is_in(attempt(RIGHT, name="operator-user"))


def test_guesses_from_everywhere_leave_one_try_but_where_it_is_known(person: Cast) -> None:
    person("viewer")
    assert is_in(attempt(RIGHT, address=HOME))
    for number in range(sign_in.MAX_FROM_ANYWHERE):
        attempt(address=f"203.0.{number}.1")
    attempt("mistyped", address=ELSEWHERE)
    assert not is_in(attempt(RIGHT, address=ELSEWHERE))
    attempt("mistyped", address=HOME)
    assert is_in(attempt(RIGHT, address=HOME))


def test_upper_case_is_no_way_round(person: Cast) -> None:
    person("viewer")
    guess(3)
    guess(2, name="VIEWER-User ")
    assert not is_in(attempt(RIGHT))


def test_accounts_that_do_not_exist_answer_alike(person: Cast) -> None:
    person("viewer")
    guess(5)
    guess(5, name="nobody")
    assert text(attempt()).count("Too many attempts") == text(attempt(name="nobody")).count("Too many attempts") == 1


def test_the_api_counts_too(person: Cast) -> None:
    person("viewer")
    guess(5, entry_point="/api/token/")
    assert attempt(RIGHT, entry_point="/api/token/").status_code == 400
    assert "Too many" in text(attempt(RIGHT))


def test_the_administration_takes_no_password_itself(person: Cast) -> None:
    user = person("viewer")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    answer = attempt(RIGHT, entry_point="/admin/login/?next=/admin/auth/")
    assert answer.headers["Location"] == "/sign-in/?next=/admin/auth/"
    assert not SignInAttempt.objects.exists()


def test_user_names_are_not_kept(person: Cast) -> None:
    attempt(name="hunter2-typed-into-the-wrong-field")
    kept = SignInAttempt.objects.get()
    assert "hunter2" not in f"{kept.account} {kept.address} {kept}"


def test_behind_a_proxy_the_last_hop_counts_and_else_the_header_is_not_believed(person: Cast, settings: Any) -> None:
    person("viewer")
    for number in range(5):
        Client().post(
            "/sign-in/", {"username": "viewer-user", "password": "x"}, REMOTE_ADDR=HOME,
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        )  # fmt: skip
    assert not is_in(attempt(RIGHT))
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for number in range(5):
        Client().post(
            "/sign-in/", {"username": "operator-user", "password": "x"}, REMOTE_ADDR="10.0.0.1",
            headers={"X-Forwarded-For": f"203.0.113.{number}, {ELSEWHERE}"},
        )  # fmt: skip
    assert sign_in.wait("operator-user", "198.51.100.0/24", now=timezone.now()) is not None
    assert sign_in.wait("operator-user", "10.0.0.0/24", now=timezone.now()) is None


def test_what_is_a_month_old_is_dropped(person: Cast) -> None:
    person("viewer")
    guess(3)
    SignInAttempt.objects.update(at=timezone.now() - timedelta(days=31))
    attempt()
    assert SignInAttempt.objects.count() == 1
