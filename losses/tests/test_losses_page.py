"""/losses/: what a scope lost in a period, and what to mend first."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from losses.models import DailyRollup, MonthOutlook, TariffAssignment
from losses.tariff_store import store_version
from substations.models import Substation

from .stored_losses import NEWEST, billed, days
from .tariff_documents import tariff

pytestmark = pytest.mark.django_db
URL = "/losses/"
MARCH = date(2026, 3, 1)
SignIn = Callable[[str], Client]


@pytest.fixture
def grid() -> list[Substation]:
    """Three substations; B could avoid most kWh, A costs most money."""
    stations = [
        Substation.objects.create(code=code, site=site) for code, site in zip("ABC", ("N", "N", "S"), strict=True)
    ]
    for station, avoidable_kwh in zip(stations, (3.0, 9.0, 1.0), strict=True):
        days(station, date(2026, 2, 1), avoidable_loss_kwh=avoidable_kwh)
    return stations


def codes(page: str) -> list[str]:
    return re.findall(r"<strong>([A-Z])</strong>", page)


def test_without_a_tariff_what_could_avoid_most_stands_first(signed_in: SignIn, grid: list[Substation]) -> None:
    page = signed_in("viewer").get(URL).content.decode()
    assert codes(page) == ["B", "A", "C"]
    assert "no tariff is assigned" in page


def test_with_a_tariff_what_costs_most_stands_first_and_the_lines_are_not_added(
    signed_in: SignIn, grid: list[Substation]
) -> None:
    billed(grid[0], MARCH, "10", "900")
    billed(grid[1], MARCH, "30", "0")
    page = signed_in("viewer").get(URL).content.decode()
    assert codes(page) == ["A", "B", "C"]
    assert "₹\u00a0900.00" in page
    assert "910" not in page


def test_amounts_of_two_currencies_are_two_sums_and_the_order_is_by_energy(
    signed_in: SignIn, grid: list[Substation]
) -> None:
    billed(grid[0], MARCH, "10", "900")
    billed(grid[1], MARCH, "30", "0", currency="EUR")
    page = signed_in("viewer").get(URL).content.decode()
    assert codes(page) == ["B", "A", "C"]
    assert "€\u00a030.00, ₹\u00a010.00" in page


def test_the_penalty_is_that_of_the_bill_and_not_the_sum_of_its_meters(
    signed_in: SignIn, grid: list[Substation]
) -> None:
    for station in grid[:2]:
        billed(station, MARCH, "10", "900")
    assigned = TariffAssignment.objects.create(tariff=store_version(tariff()).tariff, site="N", since=date(2026, 1, 1))
    amounts = dict.fromkeys(("amount_now", "amount_low", "amount_middle", "amount_high", "total_middle"), Decimal(1234))
    MonthOutlook.objects.create(
        assignment=assigned, month=MARCH, until="2026-03-20T00:00Z", known_h=480, month_h=744, currency="INR",
        target_power_factor=0.9, days_left=11, **amounts,
    )  # fmt: skip
    page = signed_in("viewer").get(URL).content.decode()
    assert "₹\u00a01,234.00" in page
    assert "1,800" not in page


@pytest.mark.parametrize(
    ("sort", "order"), [("code", "ABC"), ("-code", "CBA"), ("avoidable", "CAB"), ("nonsense", "BAC")]
)
def test_the_ranking_is_sorted_by_its_columns(signed_in: SignIn, grid: list[Substation], sort: str, order: str) -> None:
    assert "".join(codes(signed_in("viewer").get(URL, {"sort": sort}).content.decode())) == order


def test_a_site_and_a_substation_have_the_page_too(signed_in: SignIn, grid: list[Substation]) -> None:
    client = signed_in("viewer")
    assert codes(client.get(URL, {"site": "N"}).content.decode()) == ["B", "A"]
    one = client.get(URL, {"substation": "A"}).content.decode()
    assert "Losses of A" in one
    assert "/losses/power-factor-duration/" in one


def test_how_a_substations_lines_were_worked_out_is_one_click_away(signed_in: SignIn, grid: list[Substation]) -> None:
    formula = "bill now − bill at the target"
    line = {
        "code": "penalty", "formula": formula, "inputs": {"bill now": 1200.0},
        "kwh": None, "kva": None, "co2_kg": None,
        "amount": "900.0000", "assumptions": ["same_active_energy"],
    }  # fmt: skip
    billed(grid[0], MARCH, "10", "900", lines=[line])
    page = signed_in("viewer").get(URL, {"substation": "A"}).content.decode()
    assert all(text in page for text in (formula, "bill now", "the same kWh"))


@pytest.mark.parametrize("query", [{"site": "nowhere"}, {"substation": "Z"}])
def test_a_scope_that_is_not_there_is_not_found(signed_in: SignIn, query: dict[str, str]) -> None:
    assert signed_in("viewer").get(URL, query).status_code == 404


def test_a_period_that_is_none_says_why(signed_in: SignIn, grid: list[Substation]) -> None:
    answer = signed_in("viewer").get(URL, {"from": "soon"})
    assert answer.status_code == 200
    assert "Received “soon” as a month" in answer.content.decode()


def test_a_period_of_which_nothing_is_known_is_empty_and_not_zero(signed_in: SignIn, grid: list[Substation]) -> None:
    page = signed_in("viewer").get(URL, {"from": "2024-01", "to": "2024-02"}).content.decode()
    assert "Nothing is known of this period." in page


def test_before_any_reading_the_page_says_how_to_begin(signed_in: SignIn) -> None:
    assert "Upload readings" in signed_in("viewer").get(URL).content.decode()


def test_the_change_is_against_as_many_days(signed_in: SignIn, grid: list[Substation]) -> None:
    page = signed_in("viewer").get(URL).content.decode()
    assert "+0 % against the period before" in page


def test_nothing_is_compared_with_a_period_of_which_little_is_known(signed_in: SignIn, grid: list[Substation]) -> None:
    DailyRollup.objects.filter(day__lt=date(2026, 2, 10)).delete()
    assert "against the period before" not in signed_in("viewer").get(URL).content.decode()


def test_sorting_brings_only_the_ranking(signed_in: SignIn, grid: list[Substation]) -> None:
    part = signed_in("viewer").get(URL, {"sort": "code"}, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="ranking">')


def test_the_ranking_as_csv_has_numbers_and_no_formulas(signed_in: SignIn, grid: list[Substation]) -> None:
    Substation.objects.filter(code="C").update(site="=cmd()")
    billed(grid[0], MARCH, "10.5", "900")
    answer = signed_in("viewer").get(URL, {"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert (rows[0]["substation"], rows[0]["penalty_amount"], rows[0]["currency"]) == ("A", "900.0000", "INR")
    assert float(rows[0]["avoidable_loss_kwh"]) == 3.0 * NEWEST.day
    assert rows[-1]["site"] == "'=cmd()"


@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        station = Substation.objects.create(code=f"S{number}")
        days(station, date(2026, 3, 1))
        billed(station, MARCH, "10", "900")
    client = signed_in("viewer")
    with django_assert_num_queries(13):
        assert client.get(URL).status_code == 200


def test_who_may_see_no_losses_sees_none(signed_in: SignIn, client: Client) -> None:
    assert signed_in("outsider").get(URL).status_code == 403
    assert client.get(URL)["Location"].startswith("/sign-in/")
    assert signed_in("viewer").post(URL).status_code == 405
