"""The panel of the most urgent alerts, which other pages ask for."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.models import Alert

from .alert_scenes import CRITICAL, HOUR, START, Cast, cleared, raised, resolved
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/panel/"
QUERIES = 5


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, "get", URL, refused=("outsider",))


def test_it_answers_a_get_alone(signed_in: SignIn) -> None:
    assert signed_in("viewer").post(URL).status_code == 405


def test_it_is_a_fragment_that_asks_for_itself(signed_in: SignIn) -> None:
    page = text(signed_in("viewer").get(URL + "?substation=SS-01"))
    assert "<html" not in page
    assert 'hx-get="/alerts/panel/?substation=SS-01"' in page
    assert "No open alerts." in page


def test_it_shows_the_five_most_urgent(signed_in: SignIn) -> None:
    for number in range(6):
        raised(f"SS-{number}", severity=CRITICAL if number else 10)
    page = text(signed_in("viewer").get(URL))
    assert page.count("panel-alert-") == 5
    assert "SS-0" not in page


def test_it_can_be_that_of_one_substation(signed_in: SignIn) -> None:
    raised("SS-01")
    raised("SS-02")
    page = text(signed_in("viewer").get(URL, {"substation": "SS-02"}))
    assert page.count("panel-alert-") == 1
    assert "SS-02" in page


def test_what_is_asked_for_is_escaped(signed_in: SignIn) -> None:
    assert "<script>" not in text(signed_in("viewer").get(URL, {"substation": '"><script>'}))


@pytest.mark.parametrize("count", [1, 5])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        raised(f"SS-{number}")
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(URL)


def test_what_was_found_since_a_time_is_shown_with_what_went_to_the_history(signed_in: SignIn, person: Cast) -> None:
    early = raised("EARLY")
    Alert.objects.filter(pk=early.pk).update(detected_at=START)
    raised("OPEN")
    resolved(cleared(raised("GONE")), person("operator"))
    client = signed_in("viewer")
    after = (START + HOUR).isoformat()
    page = text(client.get(URL, {"found_after": after}))
    assert "2 alerts found, 1 of them in the history" in page
    assert "EARLY" not in page
    assert "1 alert found" in text(client.get(URL, {"found_after": after, "substation": ["OPEN", "EARLY"]}))
    assert "No alerts so far." in text(client.get(URL, {"found_after": after, "substation": "EARLY"}))


@pytest.mark.parametrize("wrong", ["yesterday", "2026-03-02T10:00"])
def test_a_time_that_is_none_is_refused(signed_in: SignIn, wrong: str) -> None:
    answer = signed_in("viewer").get(URL, {"found_after": wrong})
    assert answer.status_code == 400
    assert wrong in text(answer)
