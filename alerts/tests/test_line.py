"""The line of alarms on every page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from alerts import alarm_line, services, shelf
from alerts.alarm_line import AlarmLine
from alerts.models import AlertEvent

from .alert_scenes import CRITICAL, Cast, cleared, fresh, raised, resolved
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/line/"
# Session, user, the two of permissions, counts, announcements, whether there may be a flood, the newest,
# alarms of the system.
QUERIES = 9
# Where five or more were announced in ten minutes: the announcements of a day.
QUERIES_NEAR_A_FLOOD = 10


def line(**later: float) -> AlarmLine:
    return alarm_line.read(now=timezone.now() + timedelta(**later))


def shelved(code: str, by: User) -> None:
    shelf.shelve(raised(code), by=by, minutes=60, note="known")


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "get", URL, refused=("outsider",))


def test_it_answers_a_get_alone(signed_in: SignIn) -> None:
    assert signed_in("viewer").post(URL).status_code == 405


def test_with_nothing_open_it_says_so(signed_in: SignIn) -> None:
    page = text(signed_in("viewer").get(URL))
    assert "Nothing to acknowledge" in page
    assert "is-normal" in page
    assert "Newest" not in page


def test_it_counts_what_asks_for_somebody_apart_from_what_is_taken_on_or_put_aside(person: Cast) -> None:
    user = person("engineer")
    raised("WORST", severity=CRITICAL)
    raised("NEW")
    cleared(raised("GONE"))
    services.acknowledge(raised("TAKEN"), by=user)
    shelved("PUT-ASIDE", user)
    resolved(raised("CLOSED"), user)
    found = line()
    assert (found.critical, found.warning, found.acknowledged, found.shelved, found.out_of_service) == (1, 2, 1, 1, 0)
    assert (found.worst, found.asking) == ("critical", 3)


def test_the_newest_is_what_was_announced_last_and_still_asks(person: Cast) -> None:
    first, second = raised("A"), raised("B")
    assert line().newest == second
    services.acknowledge(second, by=person("operator"))
    assert line().newest == first


@pytest.mark.parametrize(("severity", "name"), [(10, "warning_announced"), (CRITICAL, "critical_announced")])
def test_an_announcement_is_known_by_its_event_and_only_while_it_asks(person: Cast, severity: int, name: str) -> None:
    alert = raised(severity=severity)
    assert getattr(line(), name) == AlertEvent.objects.get(action="raise").pk
    services.comment(fresh(alert), by=person("operator"), text="A comment announces nothing.")
    assert getattr(line(), name) == AlertEvent.objects.get(action="raise").pk
    services.acknowledge(fresh(alert), by=person("engineer"))
    assert getattr(line(), name) == 0


def test_what_was_announced_a_day_ago_is_counted_and_sounds_no_more() -> None:
    raised(severity=CRITICAL)
    found = line(hours=24, seconds=1)
    assert (found.critical, found.critical_announced, found.newest) == (1, 0, None)


@pytest.mark.parametrize(("count", "is_flood"), [(10, False), (11, True)])
def test_more_than_ten_in_ten_minutes_are_a_flood(count: int, is_flood: bool) -> None:
    for number in range(count):
        raised(f"SS-{number:02d}")
    assert line().is_flood is is_flood
    assert line(minutes=10, seconds=5).is_flood is False


def test_what_comes_from_a_file_is_escaped(signed_in: SignIn) -> None:
    raised("<b>x</b>")
    assert "<b>x" not in text(signed_in("viewer").get(URL))


@pytest.mark.parametrize("page", ["/", "/alerts/", "/losses/", "/preferences/"])
def test_it_stands_on_every_page_of_those_who_may_see_alerts(signed_in: SignIn, client: Client, page: str) -> None:
    assert 'hx-get="/alerts/line/"' in text(signed_in("viewer").get(page))
    assert 'id="alarm-bar"' not in text(signed_in("outsider").get(page))
    assert 'id="alarm-bar"' not in text(client.get("/sign-in/"))


@pytest.mark.parametrize(("count", "queries"), [(1, QUERIES), (9, QUERIES_NEAR_A_FLOOD), (30, QUERIES_NEAR_A_FLOOD)])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, django_assert_num_queries: Any, count: int, queries: int
) -> None:
    for number in range(count):
        raised(f"SS-{number:02d}")
    client = signed_in("viewer")
    with django_assert_num_queries(queries):
        client.get(URL)
