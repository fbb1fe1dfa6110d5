"""/api/hourly-losses/, /api/daily-losses/, /api/monthly-losses/: figures by substation and range."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from losses.models import DailyRollup
from losses.stale_hours import account_pending

from .stored_grid import quarters, send, substation
from .stored_losses import days

pytestmark = pytest.mark.django_db
URLS = ("/api/hourly-losses/", "/api/daily-losses/", "/api/monthly-losses/")
SignIn = Callable[[str], Client]


@pytest.fixture
def accounted() -> None:
    substation()
    send(quarters("A", 30))
    account_pending(judged_only=False)


@pytest.mark.usefixtures("accounted")
def test_hours_have_the_figures_of_the_export(signed_in: SignIn) -> None:
    found = (
        signed_in("viewer")
        .get(URLS[0], {"substation": "A", "since": "2026-03-02T03:00:00Z", "until": "2026-03-02T04:00:00Z"})
        .json()["results"]
    )
    assert [row["at"] for row in found] == ["2026-03-02T03:00:00Z", "2026-03-02T04:00:00Z"]
    assert found[0]["energy_import_kwh"] == pytest.approx(400, abs=1)
    assert found[0]["power_factor"] == pytest.approx(0.894, abs=0.001)
    assert (found[0]["feeder_loss_kwh"], found[0]["excess_loss_kwh"], found[0]["coverage"]) == (None, None, 1.0)


@pytest.mark.usefixtures("accounted")
def test_days_and_months_are_the_sums_of_hours(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    hourly, daily, monthly = (client.get(url).json()["results"] for url in URLS)
    for name in ("energy_import_kwh", "reactive_lagging_kvarh", "transformer_loss_kwh", "avoidable_loss_kwh"):
        total = sum(row[name] for row in hourly)
        assert sum(row[name] for row in daily) == pytest.approx(total)
        assert [row[name] for row in monthly] == [pytest.approx(total)]
    assert (monthly[0]["month"], monthly[0]["coverage"]) == ("2026-03-01", pytest.approx(30 / 744))


def test_days_are_asked_for_by_range_and_substation(signed_in: SignIn) -> None:
    for code in "AB":
        days(substation(code), date(2026, 2, 25), date(2026, 3, 3))
    asked = {"substation": "B", "first": "2026-02-28", "last": "2026-03-01"}
    found = signed_in("viewer").get(URLS[1], asked).json()["results"]
    assert [(row["substation"], row["day"]) for row in found] == [("B", "2026-02-28"), ("B", "2026-03-01")]
    months = signed_in("operator").get(URLS[2], asked).json()["results"]
    assert [(row["month"], row["energy_import_kwh"]) for row in months] == [("2026-02-01", 2400), ("2026-03-01", 2400)]


def test_a_page_says_where_the_next_one_is(signed_in: SignIn) -> None:
    days(substation("A"), date(2026, 3, 1), date(2026, 3, 5))
    client = signed_in("viewer")
    first = client.get(URLS[1], {"limit": 3}).json()
    second = client.get(first["next"]).json()
    assert [row["day"][-2:] for row in (*first["results"], *second["results"])] == ["01", "02", "03", "04", "05"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("url", "query", "named"),
    [
        (URLS[0], {"since": "yesterday"}, "Received “yesterday”"),
        (URLS[0], {"from": "2026-01-01"}, "from"),
        (URLS[1], {"first": "2026-02-30"}, "Received “2026-02-30”; expected a day like 2026-03-01."),
        (URLS[2], {"last": "\x00"}, "Received a NUL character"),
    ],
)
def test_a_query_that_cannot_be_read_says_what_is_expected(
    signed_in: SignIn, url: str, query: dict[str, str], named: str
) -> None:
    answer = signed_in("viewer").get(url, query)
    assert answer.status_code == 400
    assert named in answer.content.decode()


@pytest.mark.parametrize("url", URLS)
def test_who_may_see_no_losses_is_refused(signed_in: SignIn, client: Client, url: str) -> None:
    assert signed_in("outsider").get(url).status_code == 403
    assert client.get(url).status_code == 401
    assert signed_in("engineer").post(url, {}, content_type="application/json").status_code == 403


@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        days(substation(f"S{number}"), date(2026, 3, 1))
    client = signed_in("viewer")
    for url in URLS:
        client.get(url)
    with django_assert_num_queries(15):
        assert {client.get(url).status_code for url in URLS} == {200}
    assert DailyRollup.objects.count() == 20 * count
