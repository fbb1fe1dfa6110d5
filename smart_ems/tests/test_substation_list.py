"""The list of substations."""

from __future__ import annotations

from typing import Any

import pytest

from smart_ems import views
from substations.models import Substation

from .scene import Doors, alerted, assert_guarded, scored, station, text

pytestmark = pytest.mark.django_db
URL = "/substations/"


def codes(signed_in: Doors, query: str = "") -> list[str]:
    answer = signed_in("viewer").get(URL + query)
    return [each.code for each in answer.context["statuses"]]


def test_those_without_a_role_see_nothing(signed_in: Doors) -> None:
    assert_guarded(signed_in, URL)


def test_an_empty_list_says_what_to_do(signed_in: Doors) -> None:
    client = signed_in("viewer")
    assert "No substations yet." in text(client.get(URL))
    assert "No substation matches." in text(client.get(URL, {"q": "x"}))


def test_each_row_shows_state_and_newest_values(signed_in: Doors) -> None:
    substation = station("A", name="North yard", rated_kva=630, time_zone="Asia/Kolkata")
    scored(substation)
    alerted(substation)
    page = text(signed_in("viewer").get(URL))
    for said in ("North yard", "Warning", "630 kVA", "0.90", "120 kW", "3.50 kW", "+05:30"):
        assert said in page, said


@pytest.mark.parametrize(
    ("query", "found"), [("", ["A", "B"]), ("?q=yard", ["A"]), ("?q=%20b%20", ["B"]), ("?page=9", ["A", "B"])]
)
def test_it_can_be_searched(signed_in: Doors, query: str, found: list[str]) -> None:
    station("B")
    station("A", name="North yard")
    assert codes(signed_in, query) == found


def test_it_is_cut_into_pages(signed_in: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    for code in "CAB":
        Substation.objects.create(code=code)
    page = text(signed_in("engineer").get(URL))
    assert "Page 1 of 2" in page
    assert codes(signed_in, "?page=2") == ["C"]


def test_htmx_gets_the_rows_alone(signed_in: Doors) -> None:
    station("A")
    page = text(signed_in("viewer").get(URL, {"q": "a"}, headers={"HX-Request": "true"}))
    assert "<html" not in page
    assert 'hx-get="/substations/?q=a"' in page


def test_what_is_searched_for_is_escaped(signed_in: Doors) -> None:
    assert "<script>alert" not in text(signed_in("viewer").get(URL, {"q": '"><script>alert(1)</script>'}))


@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_does_not_grow(signed_in: Doors, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        scored(station(f"SS-{number:02d}"))
    client = signed_in("viewer")
    with django_assert_num_queries(11):
        client.get(URL)
