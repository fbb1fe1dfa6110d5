"""The dashboard and its status cards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alerts.tests.alert_scenes import CRITICAL
from smart_ems.dashboard import views
from substations.models import Substation

from .scene import SignIn, alerted, assert_guarded, scored, station, text

pytestmark = pytest.mark.django_db
CARDS = "/dashboard/status/"


@pytest.mark.parametrize("url", ["/", CARDS])
def test_those_without_a_role_see_nothing(signed_in: SignIn, url: str) -> None:
    assert_guarded(signed_in, url)


def test_every_panel_is_asked_for_by_its_address(signed_in: SignIn) -> None:
    Substation.objects.create(code="A")
    page = text(signed_in("viewer").get("/"))
    for url in (
        "/dashboard/counters/",
        "/dashboard/losses/",
        "/dashboard/status/",
        "/dashboard/topology/?",
        "/alerts/panel/",
    ):
        assert f'="{url}"' in page


def test_an_empty_grid_says_what_to_do(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert "Upload a SCADA export" in text(client.get("/"))
    assert "Each substation gets a card here." in text(client.get(CARDS))
    station("A")
    assert "Upload a SCADA export" not in text(client.get("/"))


def test_the_navigation_marks_where_one_is(signed_in: SignIn) -> None:
    assert text(signed_in("viewer").get("/")).count('aria-current="page"') == 1


def test_those_in_trouble_come_first(signed_in: SignIn) -> None:
    station("A-NORMAL")
    station("B-SILENT", silent_for=timedelta(days=1))
    alerted(station("C-WARNING"))
    alerted(station("D-CRITICAL"), severity=CRITICAL)
    page = text(signed_in("viewer").get(CARDS))
    order = [page.index(f'id="status-{code}"') for code in ("D-CRITICAL", "C-WARNING", "B-SILENT", "A-NORMAL")]
    assert order == sorted(order)
    assert 'class="status-card is-critical"' in page
    assert f'hx-get="{CARDS}"' in page
    assert "Data as of" in page


def test_only_so_many_cards_and_the_rest_is_counted(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_CARDS", 2)
    for code in "ABCDE":
        station(code)
    page = text(signed_in("viewer").get(CARDS))
    assert page.count('class="status-card ') == 2
    assert "3 more in the list." in page


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize(("url", "queries"), [("/", 8), (CARDS, 9)])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, django_assert_num_queries: Any, url: str, queries: int, count: int
) -> None:
    for number in range(count):
        substation = station(f"SS-{number:02d}")
        scored(substation)
        alerted(substation)
    client = signed_in("viewer")
    with django_assert_num_queries(queries):
        client.get(url)


def test_without_a_grid_there_is_one_card_that_says_how_to_begin_and_waits_for_it(signed_in: SignIn) -> None:
    page = text(signed_in("viewer").get("/"))
    assert "No substations yet." in page
    assert "/dashboard/topology/" not in page
    assert 'hx-select="#main"' in page
    Substation.objects.create(code="A")
    assert 'hx-select="#main"' not in text(signed_in("operator").get("/"))
