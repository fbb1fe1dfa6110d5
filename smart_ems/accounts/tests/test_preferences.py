"""Theme, density, time zone and shortcuts of each user."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from smart_ems.accounts.models import Preferences
from smart_ems.dashboard.tests.scene import SignIn, alerted, scored, station, text
from substations.tests.readings_pages import AT

pytestmark = pytest.mark.django_db
URL = "/preferences/"
AJAX = {"X-Requested-With": "XMLHttpRequest"}


def kept() -> Preferences:
    return Preferences.objects.get()


def test_anonymous_visitors_are_sent_to_the_sign_in_page(client: Client) -> None:
    for answer in (client.get(URL), client.post(URL, {"theme": "dark"})):
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/sign-in/?next={URL}")
    assert not Preferences.objects.exists()


def test_no_other_method_is_answered(signed_in: SignIn) -> None:
    assert signed_in("viewer").delete(URL).status_code == 405


def test_even_a_user_without_a_role_has_preferences(signed_in: SignIn) -> None:
    assert signed_in("outsider").get(URL).status_code == 200


def test_before_sign_in_the_system_decides(client: Client) -> None:
    assert 'data-theme="system"' in text(client.get("/sign-in/"))


def test_one_click_in_the_menu_changes_one_thing_and_returns_to_the_page(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    answer = client.post(URL, {"theme": "dark", "next": "/alerts/?severity=critical"})
    assert answer.headers["Location"] == "/alerts/?severity=critical"
    client.post(URL, {"density": "compact"})
    assert (kept().theme, kept().density, kept().time_zone, kept().shortcuts) == ("dark", "compact", "", True)


def test_the_first_paint_has_the_right_theme(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    client.post(URL, {"theme": "dark"})
    client.post(URL, {"density": "compact"})
    for page in ("/", "/nowhere/"):
        assert 'data-theme="dark" data-scheme="dark"' in text(client.get(page)), page
    assert 'data-density="compact"' in text(client.get("/"))


def test_a_script_gets_no_page(signed_in: SignIn) -> None:
    answer = signed_in("viewer").post(URL, {"theme": "light"}, headers=AJAX)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_it_returns_to_this_host_alone(signed_in: SignIn, target: str) -> None:
    assert signed_in("viewer").post(URL, {"theme": "dark", "next": target}).headers["Location"] == URL


def test_the_page_saves_everything_at_once(signed_in: SignIn) -> None:
    form = {"all": "1", "theme": "light", "density": "compact", "time_zone": "Europe/Berlin"}
    answer = signed_in("viewer").post(URL, form, follow=True)
    assert "Your preferences are saved." in text(answer)
    assert (kept().time_zone, kept().shortcuts) == ("Europe/Berlin", False)
    assert "data-off" in text(answer)


@pytest.mark.parametrize("wrong", [{"theme": "pink"}, {"time_zone": "Mars/Olympus"}, {"density": ""}])
def test_what_is_not_offered_is_refused(signed_in: SignIn, wrong: dict[str, str]) -> None:
    answer = signed_in("viewer").post(URL, {"all": "1", "theme": "dark", "density": "compact", "time_zone": ""} | wrong)
    assert answer.status_code == 422
    assert not Preferences.objects.exists()


def test_each_user_has_their_own(signed_in: SignIn) -> None:
    signed_in("viewer").post(URL, {"theme": "dark"})
    assert 'data-theme="system"' in text(signed_in("operator").get("/"))


def test_all_times_are_in_the_zone_that_was_chosen(signed_in: SignIn) -> None:
    substation = station("A", time_zone="Asia/Kolkata")
    scored(substation)
    alert = alerted(substation, start=AT, peak=AT)
    client = signed_in("operator")
    pages = ("/substations/", "/alerts/", alert.get_absolute_url(), "/substations/A/live/", "/dashboard/status/")
    for page in pages:
        assert "+05:30<" in text(client.get(page)), page
    client.post(URL, {"time_zone": "America/New_York"})
    for page in pages:
        content = text(client.get(page))
        assert "+05:30<" not in content, page
        assert "−05:00<" in content or "−04:00<" in content, page


def test_a_deleted_user_takes_them_along(signed_in: SignIn) -> None:
    signed_in("viewer").post(URL, {"theme": "dark"})
    User.objects.get().delete()
    assert not Preferences.objects.exists()


def test_a_user_who_was_locked_out_stays_out(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    User.objects.update(is_active=False)
    assert client.get(URL).status_code == 302


def test_they_cost_a_page_no_query(signed_in: SignIn, django_assert_num_queries: Any) -> None:
    client = signed_in("viewer")
    with django_assert_num_queries(2):  # session, user
        client.get("/design/")
    client.post(URL, {"theme": "dark"})
    with django_assert_num_queries(2):
        client.get("/design/")


def test_the_alarm_sound_is_off_until_somebody_allows_it(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert " data-sound " not in text(client.get("/"))
    assert client.post(URL, {"alarm_sound": "true"}, headers=AJAX).status_code == 204
    assert (kept().alarm_sound, kept().alarm_volume, kept().desktop_notifications) == (True, 60, False)
    assert " data-sound " in text(client.get("/"))
    client.post(URL, {"alarm_sound": "false"}, headers=AJAX)
    assert kept().alarm_sound is False


@pytest.mark.parametrize("wrong", ["0", "101", "loud", "1.5"])
def test_a_volume_that_is_none_is_refused(signed_in: SignIn, wrong: str) -> None:
    client = signed_in("viewer")
    assert client.post(URL, {"alarm_volume": wrong}).status_code == 422
    assert not Preferences.objects.exists()
    client.post(URL, {"alarm_volume": "35"})
    assert kept().alarm_volume == 35
