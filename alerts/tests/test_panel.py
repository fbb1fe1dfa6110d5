"""The panel of the most urgent alerts, which other pages ask for."""

from __future__ import annotations

from typing import Any

import pytest

from .desk import CRITICAL, raised
from .doors import Doors, assert_guarded, text

pytestmark = pytest.mark.django_db
URL = "/alerts/panel/"
QUERIES = 5


def test_those_without_a_role_see_nothing(signed_in: Doors) -> None:
    assert_guarded(signed_in, "get", URL, refused=("stranger",))


def test_it_answers_a_get_alone(signed_in: Doors) -> None:
    assert signed_in("viewer").post(URL).status_code == 405


def test_it_is_a_fragment_that_asks_for_itself(signed_in: Doors) -> None:
    page = text(signed_in("viewer").get(URL + "?substation=SS-01"))
    assert "<html" not in page
    assert 'hx-get="/alerts/panel/?substation=SS-01"' in page
    assert "No open alerts." in page


def test_it_shows_the_five_most_urgent(signed_in: Doors) -> None:
    for number in range(6):
        raised(f"SS-{number}", severity=CRITICAL if number else 10)
    page = text(signed_in("viewer").get(URL))
    assert page.count("panel-alert-") == 5
    assert "SS-0" not in page


def test_it_can_be_that_of_one_substation(signed_in: Doors) -> None:
    raised("SS-01")
    raised("SS-02")
    page = text(signed_in("viewer").get(URL, {"substation": "SS-02"}))
    assert page.count("panel-alert-") == 1
    assert "SS-02" in page


def test_what_is_asked_for_is_escaped(signed_in: Doors) -> None:
    assert "<script>" not in text(signed_in("viewer").get(URL, {"substation": '"><script>'}))


@pytest.mark.parametrize("count", [1, 5])
def test_the_number_of_queries_does_not_grow(signed_in: Doors, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        raised(f"SS-{number}")
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(URL)
