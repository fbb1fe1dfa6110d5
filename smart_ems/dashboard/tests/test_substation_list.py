"""The list of substations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mlcore.models import Score
from smart_ems.dashboard import substation_table
from substations.models import Reading, Substation

from .scene import SignIn, alerted, assert_guarded, scored, station, text

pytestmark = pytest.mark.django_db
URL = "/substations/"


def codes(signed_in: SignIn, query: str = "") -> list[str]:
    answer = signed_in("viewer").get(URL + query)
    return [each.code for each in answer.context["statuses"]]


def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    assert_guarded(signed_in, URL)


def test_an_empty_list_says_what_to_do(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert "No substations yet." in text(client.get(URL))
    assert "No substation matches." in text(client.get(URL, {"q": "x"}))


def test_each_row_shows_state_and_newest_values(signed_in: SignIn) -> None:
    substation = station("A", name="North yard", rated_kva=630, time_zone="Asia/Kolkata")
    scored(substation)
    alerted(substation)
    page = text(signed_in("viewer").get(URL))
    for said in ("North yard", "Warning", "630 kVA", "0.90", "120 kW", "3.50 kW", "+05:30"):
        assert said in page, said


@pytest.mark.parametrize(
    ("query", "found"), [("", ["A", "B"]), ("?q=yard", ["A"]), ("?q=%20b%20", ["B"]), ("?page=9", ["A", "B"])]
)
def test_it_can_be_searched(signed_in: SignIn, query: str, found: list[str]) -> None:
    station("B")
    station("A", name="North yard")
    assert codes(signed_in, query) == found


def test_it_is_cut_into_pages(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substation_table, "PAGE_SIZE", 2)
    for code in "CAB":
        Substation.objects.create(code=code)
    page = text(signed_in("engineer").get(URL))
    assert "Page 1 of 2" in page
    assert codes(signed_in, "?page=2") == ["C"]


def test_htmx_gets_the_rows_alone(signed_in: SignIn) -> None:
    station("A")
    page = text(signed_in("viewer").get(URL, {"q": "a"}, headers={"HX-Request": "true"}))
    assert "<html" not in page
    assert 'hx-get="/substations/?q=a"' in page


def test_what_is_searched_for_is_escaped(signed_in: SignIn) -> None:
    assert "<script>alert" not in text(signed_in("viewer").get(URL, {"q": '"><script>alert(1)</script>'}))


@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        scored(station(f"SS-{number:02d}"))
    client = signed_in("viewer")
    with django_assert_num_queries(14):
        client.get(URL)


@pytest.fixture
def three() -> None:
    """A: critical, small, low power factor; B: normal, large; C: nothing known."""
    small, large = station("A", rated_kva=100, site="South"), station("B", rated_kva=900, site="North")
    Reading.objects.filter(substation=small).update(power_factor=0.7, active_power_kw=5.0)
    scored(small)
    scored(large)
    Score.objects.filter(substation=large).update(loss_kw=9.0)
    alerted(small)
    Substation.objects.create(code="C")


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("code", "ABC"), ("-code", "CBA"), ("nonsense", "ABC"), ("rated", "ABC"), ("-rated", "BAC"), ("site", "BAC"),
        ("-site", "ABC"),
        ("state", "ACB"), ("power_factor", "ABC"), ("-power_factor", "BAC"), ("power", "ABC"), ("-loss", "BAC"),
        ("alerts", "ABC"), ("model", "CAB"), ("-newest", "BAC"),
    ],
)  # fmt: skip
def test_it_can_be_sorted_with_what_is_not_known_last(signed_in: SignIn, three: None, sort: str, found: str) -> None:
    assert "".join(codes(signed_in, f"?sort={sort}")) == found


def test_a_column_head_sorts_by_it_and_then_the_other_way(signed_in: SignIn, three: None) -> None:
    client = signed_in("viewer")
    assert 'href="?q=a&amp;sort=-loss"' in client.get(URL, {"q": "a", "page": "1"}).content.decode()
    sorted_page = client.get(URL, {"sort": "-loss"}).content.decode()
    assert 'aria-sort="descending"' in sorted_page
    assert 'href="?sort=loss"' in sorted_page


def test_sorting_goes_over_all_pages(signed_in: SignIn, three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substation_table, "PAGE_SIZE", 1)
    client = signed_in("viewer")
    pages = [client.get(URL, {"sort": "-loss", "page": page}).context["statuses"] for page in (1, 2, 3)]
    assert [[each.code for each in page] for page in pages] == [["B"], ["A"], ["C"]]


def test_each_row_shows_its_last_day_and_its_model(signed_in: SignIn) -> None:
    substation = station("A")
    newest = substation.readings.get().at
    for hours, factor in ((1.5, 0.8), (1.6, 0.6), (30, 0.1)):
        Reading.objects.create(substation=substation, at=newest - timedelta(hours=hours), power_factor=factor)
    answer = signed_in("viewer").get(URL)
    (day,) = answer.context["recent"].values()
    assert len(day) == 24
    assert {round(value, 2) for value in day if value is not None} == {0.7, 0.9}
    assert "Power factor of A in the last 24 h" in answer.content.decode()
    assert "Own regression" in text(answer)
