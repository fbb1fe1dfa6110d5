"""/losses/lines/, its drawing, its CSV and its API: what each line lost and carried."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client

from losses import line_overview
from losses.line_days import SHAPE
from losses.models import LineDay
from substations.models import Link, Substation

pytestmark = pytest.mark.django_db
URL, DRAWING, API = "/losses/lines/", "/losses/lines/network/", "/api/line-losses/"
FIRST = date(2026, 3, 1)
SignIn = Callable[[str], Client]


@pytest.fixture
def lines() -> list[Link]:
    """Supply → A → B on site N, and supply → C on site S, a line of unknown resistance. The second loses most."""
    a, b, c = (Substation.objects.create(code=code, site=site) for code, site in zip("ABC", "NNS", strict=True))
    found = [
        Link.objects.create(target=a, r_ohm=0.2), Link.objects.create(source=a, target=b, r_ohm=0.8),
        Link.objects.create(target=c),
    ]  # fmt: skip
    for link, loss_kwh in zip(found, (10.0, 40.0), strict=False):
        days(link, loss_kwh)
    return found


def days(link: Link, loss_kwh: float, count: int = 10) -> None:
    by_hour = np.zeros(SHAPE, np.float32).tobytes()
    LineDay.objects.bulk_create(
        LineDay(
            link=link, day=FIRST + timedelta(days=n), loss_kwh=loss_kwh, carried_kwh=1000, known_h=24, by_hour=by_hour
        )
        for n in range(count)
    )  # fmt: skip


def test_the_line_that_loses_most_stands_first_and_what_is_not_known_last(signed_in: SignIn, lines: list[Link]) -> None:
    page = signed_in("viewer").get(URL).content.decode()
    places = [page.index(f"<strong>{name}</strong>") for name in ("A → B", "grid supply → A", "grid supply → C")]
    assert places == sorted(places)
    assert "400 kWh" in page
    assert "4.0 %" in page
    assert "resistance not given" in page


def test_a_site_has_its_own_lines(signed_in: SignIn, lines: list[Link]) -> None:
    page = signed_in("viewer").get(URL, {"site": "S"}).content.decode()
    assert "A → B" not in page


def test_coverage_is_of_the_hours_of_the_period(signed_in: SignIn, lines: list[Link]) -> None:
    days(Link.objects.create(target=Substation.objects.create(code="D"), r_ohm=1), 1.0, count=5)
    shown = {row["to_substation"]: row["coverage"] for row in signed_in("viewer").get(API).json()}
    assert shown == {"B": 1.0, "A": 1.0, "D": 0.5, "C": 0.0}


def test_the_drawing_is_thicker_where_more_is_lost(signed_in: SignIn, lines: list[Link]) -> None:
    drawn = signed_in("viewer").get(DRAWING).json()
    width = {
        text.split("<br>")[0]: trace["line"]["width"]
        for trace in drawn["data"] if trace["name"] == "closed" for text in trace.get("hovertext", []) if text
    }  # fmt: skip
    assert width == {"<b>grid supply → A</b>": 3.0, "<b>A → B</b>": 8.0, "<b>grid supply → C</b>": 1.5}


def test_a_network_too_large_to_draw_says_so(
    signed_in: SignIn, lines: list[Link], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_overview, "MAX_NODES", 2)
    drawn = signed_in("viewer").get(DRAWING).json()
    assert drawn["data"] == []
    assert "3 substations are more than a drawing shows" in drawn["empty"]


def test_the_csv_has_numbers_and_no_formulas(signed_in: SignIn, lines: list[Link]) -> None:
    Substation.objects.filter(code="B").update(code="=B")
    answer = signed_in("viewer").get(URL, {"format": "csv"})
    first, *_others = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert first["to"] == "'=B"
    assert (first["loss_kwh"], first["loss_share"]) == ("400.0", "0.04")


def test_before_anything_is_known_the_page_says_what_it_takes(signed_in: SignIn) -> None:
    assert "Lines need a resistance" in signed_in("viewer").get(URL).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_grid(
    signed_in: SignIn, lines: list[Link], django_assert_num_queries: Any
) -> None:
    client = signed_in("viewer")
    client.get(URL)
    for number in range(5):
        days(Link.objects.create(target=Substation.objects.create(code=f"X{number}"), r_ohm=1), 1.0)
    with django_assert_num_queries(8):
        client.get(URL)


@pytest.mark.parametrize("query", [{"site": "nowhere"}, {"substation": "Z"}])
def test_a_scope_that_is_not_there_is_not_found(signed_in: SignIn, query: dict[str, str]) -> None:
    client = signed_in("viewer")
    assert client.get(URL, query).status_code == 404
    refused = client.get(API, query)
    assert refused.status_code == 400


@pytest.mark.parametrize("url", [DRAWING, API])
def test_a_period_that_is_none_says_why(signed_in: SignIn, url: str) -> None:
    answer = signed_in("viewer").get(url, {"from": "soon"})
    assert answer.status_code == 400
    assert "soon" in answer.content.decode()


@pytest.mark.parametrize("url", [URL, DRAWING, API])
def test_outsiders_are_refused_and_nothing_is_posted(signed_in: SignIn, client: Client, url: str) -> None:
    assert client.get(url).status_code in (302, 401, 403)
    assert signed_in("outsider").get(url).status_code == 403
    assert Client().post(url).status_code in (302, 401, 403, 405)
