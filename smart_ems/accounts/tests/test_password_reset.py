"""A forgotten password, by mail; and what a new password has to be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from smart_ems import pipeline
from smart_ems.accounts import password_reset
from smart_ems.accounts.models import SecurityEvent
from smart_ems.accounts.tasks import mail_reset_links
from smart_ems.dashboard.tests.scene import text

from .factor_scenes import is_signed_in, signed_in_by_password, with_app

pytestmark = pytest.mark.django_db(transaction=True)
ASK = "/sign-in/forgotten/"
NEW = "a lamp beside the quiet river"


@pytest.fixture(autouse=True)
def worker_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_dispatch", lambda *tasks: [mail_reset_links(**values) for _name, values in tasks])


@pytest.fixture
def user(person: Callable[[str], User]) -> User:
    user = person("viewer")
    user.email = "Ola@example.org"
    user.save()
    return user


def ask(address: str = "ola@example.org") -> Any:
    return Client().post(ASK, {"email": address})


def link() -> str:
    found = re.search(r"http://localhost:\d+(/sign-in/reset/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def set_password(path: str, new: str = NEW, client: Client | None = None) -> Any:
    client = client or Client()
    form = client.get(path, follow=True)
    if not form.redirect_chain:
        return form
    return client.post(form.redirect_chain[-1][0], {"new_password1": new, "new_password2": new})


def test_a_link_comes_by_mail_and_sets_a_password_once(user: User) -> None:
    assert "is on its way" in text(ask())
    assert mail.outbox[0].to == ["Ola@example.org"]
    assert set_password(link()).headers["Location"] == "/sign-in/"
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert "was used" in text(set_password(link()))
    kinds = list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["reset_asked", "password_reset"]


def test_an_answer_does_not_tell_whether_there_is_an_account(user: User) -> None:
    known, unknown = ask(), ask("nobody@example.org")
    hide = re.compile(r'value="[^"]*"|"X-CSRFToken": "\w+"')
    assert hide.sub("", text(known)) == hide.sub("", text(unknown))
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!of-a-directory"}])
def test_no_mail_for_whom_no_password_here_signs_in(user: User, change: dict[str, Any]) -> None:
    User.objects.update(**change)
    ask()
    assert mail.outbox == []


def test_where_passwords_are_off_superusers_alone_get_one(user: User, settings: Any) -> None:
    settings.PASSWORD_SIGN_IN = False
    ask()
    assert mail.outbox == []
    User.objects.update(is_superuser=True)
    ask()
    assert len(mail.outbox) == 1


def test_five_mails_within_a_quarter_of_an_hour(user: User) -> None:
    for _each in range(8):
        assert "is on its way" in text(ask())
    assert len(mail.outbox) == 5


def test_sessions_end_and_the_second_factor_stays(user: User) -> None:
    with_app(user)
    session = Client()
    session.force_login(user)
    ask()
    set_password(link())
    assert session.get("/").status_code == 302
    client, answer = signed_in_by_password(user.username)
    assert not is_signed_in(client)
    answer = Client().post("/sign-in/", {"username": user.username, "password": NEW})
    assert answer.headers["Location"] == "/sign-in/second-factor/"


def test_a_link_is_good_for_an_hour(user: User, settings: Any) -> None:
    ask()
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "its hour is over" in text(set_password(link()))


@pytest.mark.parametrize("path", ["/sign-in/reset/x/y/", "/sign-in/reset/%00/%00/", "/sign-in/reset/MQ/set-password/"])
def test_a_made_up_link_opens_nothing(user: User, path: str) -> None:
    assert Client().get(path).status_code in (200, 400)
    Client().post(path, {"new_password1": NEW, "new_password2": NEW})
    user.refresh_from_db()
    assert not user.check_password(NEW)


@pytest.mark.parametrize("address", ["", "x", "a@b", "\x00@example.org", "x" * 500 + "@example.org"])
def test_what_is_no_address_is_said(address: str) -> None:
    assert ask(address).status_code == 200
    assert mail.outbox == []


def test_without_a_mail_server_the_page_says_so(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "Ask an administrator" in text(Client().get(ASK))
    assert "Forgot password?" not in text(Client().get("/sign-in/"))
    assert not password_reset.is_possible()


@pytest.mark.parametrize(
    ("password", "is_good"),
    [("elevenchars", False), ("password1234", False), ("ola-ola-ola-ola", False), ("correct horse battery", True),
     ("728194620571", True), ("ööööö–ßßßßß–", True), ("x" * 11 + "y", True)],
)  # fmt: skip
def test_twelve_characters_of_any_kind_that_are_not_guessed_first(password: str, is_good: bool) -> None:
    user = User(username="ola-ola-ola")
    if is_good:
        validate_password(password, user)
        return
    with pytest.raises(ValidationError):
        validate_password(password, user)
