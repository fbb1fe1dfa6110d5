"""The page of one substation."""

from __future__ import annotations

from typing import Any

import pytest

from substations.models import Link, Substation

from .readings_pages import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db
QUERIES = 7


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01", name="North yard", site="Harbour", rated_kva=630)


def test_those_without_a_role_see_nothing(signed_in: SignIn, station: Substation) -> None:
    assert_guarded(signed_in, station.get_absolute_url())


def test_an_unknown_one_is_not_found(signed_in: SignIn) -> None:
    assert signed_in("viewer").get("/substations/SS-99/").status_code == 404


def test_it_shows_the_nameplate_and_a_dash_for_what_is_not_known(signed_in: SignIn, station: Substation) -> None:
    page = text(signed_in("viewer").get(station.get_absolute_url()))
    for said in ("SS-01 North yard", "Harbour", "630 kVA", "0.95", "900 s"):
        assert said in page
    assert "<dt>Impedance</dt><dd>–</dd>" in page
    assert "assumed transformer size" not in page


def test_it_says_when_the_losses_rest_on_a_guess(signed_in: SignIn, station: Substation) -> None:
    Substation.objects.update(rated_kva=None)
    assert "assumed transformer size" in text(signed_in("viewer").get(station.get_absolute_url()))


def test_what_other_apps_own_is_asked_for_by_its_address(signed_in: SignIn, station: Substation) -> None:
    page = text(signed_in("viewer").get(station.get_absolute_url()))
    for url in ("/alerts/panel/?substation=SS-01", "/models/SS-01/chart/?range=7d", "/models/SS-01/panel/",
                "/substations/SS-01/live/", "/substations/SS-01/state/", "/substations/SS-01/strip/?range=7d",
                "/substations/SS-01/duration/?range=7d", "/substations/SS-01/channels/current/?range=7d",
                "/models/SS-01/why/", "/models/SS-01/quality/?range=7d"):  # fmt: skip
        assert f'="{url}"' in page


@pytest.mark.parametrize(("asked", "shown"), [("24h", "24h"), ("all", "all"), ("century", "7d"), ("", "7d")])
def test_the_range_is_one_of_those_offered(signed_in: SignIn, station: Substation, asked: str, shown: str) -> None:
    page = text(signed_in("viewer").get(station.get_absolute_url(), {"range": asked}))
    assert f'href="?range={shown}" aria-current="page"' in page
    assert page.count('aria-current="page"') == 2, "one for the range, one for the navigation"


def test_an_exact_range_reaches_chart_and_export(signed_in: SignIn, station: Substation) -> None:
    page = text(signed_in("viewer").get(station.get_absolute_url(), {"from": "2026-03-01", "to": "2026-03-02T12:00"}))
    exact = "from=2026-03-01T00%3A00&amp;to=2026-03-02T12%3A00"
    assert f'data-chart="/models/SS-01/chart/?{exact}"' in page
    assert f'href="/substations/SS-01/readings.csv?{exact}"' in page


def test_a_range_that_cannot_be_read_is_said(signed_in: SignIn, station: Substation) -> None:
    page = text(signed_in("viewer").get(station.get_absolute_url(), {"range": "century"}))
    assert "“century” is not a range; expected 24h, 7d, 30d, all" in page


def test_what_feeds_it_and_what_it_feeds(signed_in: SignIn, station: Substation) -> None:
    other = Substation.objects.create(code="B")
    Link.objects.create(source=None, target=station)
    Link.objects.create(source=other, target=station, status="open")
    Link.objects.create(source=station, target=other)
    page = text(signed_in("viewer").get(station.get_absolute_url()))
    assert "grid supply" in page
    assert '<a href="/substations/B/">B</a> (open)' in page


def test_only_staff_engineers_are_offered_to_edit(signed_in: SignIn, station: Substation, admin_client: Any) -> None:
    edit = f"/admin/substations/substation/{station.pk}/change/"
    assert edit not in text(signed_in("engineer").get(station.get_absolute_url()))
    assert edit in text(admin_client.get(station.get_absolute_url()))


def test_a_name_is_escaped(signed_in: SignIn, station: Substation) -> None:
    Substation.objects.update(name="<script>alert(1)</script>")
    assert "<script>alert" not in text(signed_in("viewer").get(station.get_absolute_url()))


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, station: Substation, django_assert_num_queries: Any, count: int
) -> None:
    for number in range(count):
        Link.objects.create(source=station, target=Substation.objects.create(code=f"B{number}"))
    client = signed_in("viewer")
    with django_assert_num_queries(QUERIES):
        client.get(station.get_absolute_url())
