"""Sessions: listed for their user, ended by hand, by idleness, by age and with the password."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from smart_ems.accounts.models import UserSession
from smart_ems.accounts.session_store import NOTES, SessionStore
from smart_ems.dashboard.tests.scene import SignIn, text

pytestmark = pytest.mark.django_db
Cast = Callable[[str], User]
URL = "/sessions/"
PASSWORD = "secret-pass-1"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def browser(user: User, agent: str = FIREFOX, address: str = "192.0.2.7") -> Client:
    """A browser in which a user has signed in by password."""
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    answer = client.post("/sign-in/", {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get(URL).status_code == 200


def notes_of(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = SessionStore(client.cookies["sessionid"].value)[NOTES]
    return found


def noted_before(client: Client, **seconds: float) -> None:
    """Move ``since`` or ``seen`` of a session back."""
    store = SessionStore(client.cookies["sessionid"].value)
    store[NOTES] = store[NOTES] | {name: store[NOTES][name] - by for name, by in seconds.items()}
    store.save()


def row_of(page: str, pk: int) -> bool:
    return f"/sessions/{pk}/end/" in page


def test_it_needs_a_session(client: Client) -> None:
    for answer in (client.get(URL), client.post("/sessions/1/end/"), client.post("/sessions/end-others/")):
        assert answer.headers["Location"].startswith("/sign-in/")


def test_one_sees_where_one_is_signed_in(person: Cast) -> None:
    user = person("viewer")
    here = browser(user)
    browser(user, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "2001:db8::7")
    browser(person("operator"), "curl/8.0")
    page = text(here.get(URL))
    assert page.count("This session") == 1
    assert page.index("Firefox on Windows") < page.index("Safari on iOS"), "one's own first"
    assert "2001:db8::7" in page
    assert "curl" not in page


def test_the_key_of_a_session_is_on_no_page(person: Cast) -> None:
    user = person("viewer")
    here, other = browser(user), browser(user)
    assert other.cookies["sessionid"].value not in text(here.get(URL))


def test_one_that_is_ended_is_out_at_once(person: Cast) -> None:
    user = person("viewer")
    here, other = browser(user), browser(user)
    pk = UserSession.objects.get(session_id=other.cookies["sessionid"].value).pk
    assert here.get(f"/sessions/{pk}/end/").status_code == 405
    assert here.post(f"/sessions/{pk}/end/").headers["Location"] == URL
    assert (is_in(here), is_in(other)) == (True, False)
    assert here.post(f"/sessions/{pk}/end/").status_code == 404, "the second time"
    assert UserSession.objects.count() == 1


def test_nobody_ends_those_of_others(person: Cast) -> None:
    here, theirs = browser(person("viewer")), browser(person("operator"))
    pk = UserSession.objects.get(user__username="operator-user").pk
    assert here.post(f"/sessions/{pk}/end/").status_code == 404
    here.post("/sessions/end-others/")
    assert is_in(theirs)


def test_all_others_are_ended_together(person: Cast) -> None:
    user = person("viewer")
    here, *others = (browser(user) for _each in range(3))
    part = text(here.post("/sessions/end-others/", headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<div id="sessions"')
    assert "2 other sessions are ended." in part
    assert [is_in(each) for each in (here, *others)] == [True, False, False]


def test_a_new_password_ends_the_others_and_this_one_goes_on(person: Cast) -> None:
    user = person("viewer")
    here, other = browser(user), browser(user)
    new = {"old_password": PASSWORD, "new_password1": "another-word-77", "new_password2": "another-word-77"}
    assert here.post("/password/", new).status_code == 302
    assert (is_in(here), is_in(other)) == (True, False)
    page = text(here.get(URL))
    assert page.count("<tr>") == 2, "the head and this one"
    assert "This session" in page


def test_a_password_that_somebody_else_set_ends_them_too(person: Cast) -> None:
    user = person("viewer")
    here, old = browser(user), browser(user)
    user.set_password(PASSWORD)
    user.save()
    assert not is_in(here)
    assert text(browser(user).get(URL)).count("<tr>") == 2, "those of before are not listed"
    assert not is_in(old)


def test_signing_out_takes_it_off_the_list(person: Cast) -> None:
    here = browser(person("viewer"))
    here.post("/sign-out/")
    assert not UserSession.objects.exists()


def test_it_ends_when_nothing_was_asked_for_long(person: Cast, settings: Any) -> None:
    here = browser(person("viewer"))
    assert here.cookies["sessionid"]["max-age"] == settings.SESSION_COOKIE_AGE == 12 * 3600
    kept = Session.objects.get()
    assert timedelta(hours=11) < kept.expire_date - timezone.now() <= timedelta(hours=12)
    Session.objects.update(expire_date=timezone.now())
    assert not is_in(here)


def test_using_it_moves_that_end_once_a_minute(person: Cast, django_assert_num_queries: Any) -> None:
    here = browser(person("viewer"))
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    first = notes_of(here)
    with django_assert_num_queries(2):  # session, user
        here.get("/design/")  # refused: the shortest page
    assert notes_of(here) == first
    noted_before(here, seen=61)
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    with django_assert_num_queries(8):  # those; the row of the user, and the session, each in a transaction
        here.get("/design/")  # refused: the shortest page
    assert notes_of(here)["seen"] >= first["seen"]
    assert Session.objects.get().expire_date > timezone.now() + timedelta(hours=11)


def test_it_ends_a_week_after_the_sign_in_whatever_is_asked(person: Cast, settings: Any) -> None:
    here = browser(person("viewer"))
    noted_before(here, since=settings.SESSION_MAX_HOURS * 3600 - 60)
    assert is_in(here)
    noted_before(here, since=120)
    assert not is_in(here)
    assert here.get("/api/alerts/").status_code == 401


def test_a_session_of_before_is_noted_when_it_is_used(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    UserSession.objects.all().delete()
    store = SessionStore(client.cookies["sessionid"].value)
    del store[NOTES]
    store.save()
    assert is_in(client)
    assert UserSession.objects.get().session_id == client.cookies["sessionid"].value
    assert notes_of(client)["since"] == pytest.approx(timezone.now().timestamp(), abs=60)


def test_sessions_that_ended_are_dropped_at_the_next_sign_in(person: Cast) -> None:
    user = person("viewer")
    browser(user)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    browser(user)
    assert Session.objects.count() == UserSession.objects.count() == 1


def test_those_who_are_not_signed_in_have_none(client: Client) -> None:
    client.get("/sign-in/")
    client.get("/healthz")
    assert not Session.objects.exists()


def test_more_sessions_cost_no_more_queries(person: Cast, django_assert_num_queries: Any) -> None:
    user = person("viewer")
    here, *_others = (browser(user) for _each in range(4))
    here.get(URL)
    with django_assert_num_queries(5):  # session, user, sessions, and of the frame permissions twice
        assert len(re.findall("<tr>", text(here.get(URL)))) == 5
