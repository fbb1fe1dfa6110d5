"""/losses/weekly/ and the two durations: when it could be avoided, and for how much of the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from losses.models import HourlyRollup
from losses.querysets import FIELDS
from substations.models import Substation

from .stored_losses import days

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def test_the_week_is_the_mean_of_each_substation_added_up(signed_in: SignIn) -> None:
    for code, avoidable_kwh in (("A", 4.0), ("B", 6.0)):
        days(Substation.objects.create(code=code), date(2026, 3, 2), avoidable_loss_kwh=avoidable_kwh)
    found = signed_in("viewer").get("/losses/weekly/").json()
    (trace,) = found["data"]
    assert [len(trace["z"]), len(trace["z"][0])] == [7, 24]
    assert {row[10] for row in trace["z"]} == {10.0}
    assert trace["z"][0][11] == 0.0
    assert "10:00" in found["summary"]


def test_one_that_reported_half_of_the_weeks_counts_in_full(signed_in: SignIn) -> None:
    days(Substation.objects.create(code="A"), date(2026, 3, 2), date(2026, 3, 15), avoidable_loss_kwh=4.0)
    days(Substation.objects.create(code="B"), date(2026, 3, 2), date(2026, 3, 8), avoidable_loss_kwh=6.0)
    (trace,) = signed_in("viewer").get("/losses/weekly/").json()["data"]
    assert trace["z"][0][10] == 10.0


def test_a_duration_is_of_the_known_hours_and_names_the_target(signed_in: SignIn) -> None:
    station = Substation.objects.create(code="A", target_power_factor=0.95)
    plain = dict.fromkeys(FIELDS, 0.0) | {"is_assumed": False, "covered_h": 1.0, "apparent_kvah": 100.0}
    start = datetime(2026, 3, 1, tzinfo=UTC)
    HourlyRollup.objects.bulk_create(
        HourlyRollup(substation=station, at=start + timedelta(hours=n), **plain | {"energy_import_kwh": kwh})
        for n, kwh in enumerate([80.0] * 30 + [99.0] * 10)
    )
    days(station, date(2026, 3, 1), date(2026, 3, 2))
    found = signed_in("viewer").get("/losses/power-factor-duration/", {"substation": "A"}).json()
    assert max(found["data"][0]["y"]) == pytest.approx(0.99)
    assert found["summary"] == "Below the target of 0.95 for 75 % of the known hours."
    avoidable = signed_in("operator").get("/losses/avoidable-duration/", {"substation": "A"}).json()
    assert set(avoidable["data"][0]["y"]) == {0.0}


@pytest.mark.parametrize(
    ("url", "query", "status", "said"),
    [
        ("/losses/weekly/", {"months": "x"}, 400, "“x” is no period"),
        ("/losses/avoidable-duration/", {}, 400, "Received no substation"),
    ],
)
def test_what_cannot_be_drawn_says_why(
    signed_in: SignIn, url: str, query: dict[str, str], status: int, said: str
) -> None:
    answer = signed_in("viewer").get(url, query)
    assert answer.status_code == status
    assert said in answer.content.decode()


@pytest.mark.parametrize("url", ["/losses/weekly/", "/losses/avoidable-duration/?substation=A"])
def test_nothing_known_is_an_empty_figure_with_a_reason(signed_in: SignIn, url: str) -> None:
    Substation.objects.create(code="A")
    assert signed_in("viewer").get(url).json()["empty"] == "Nothing is known of this period."


@pytest.mark.parametrize("url", ["/losses/weekly/", "/losses/avoidable-duration/?substation=A"])
def test_who_may_see_no_losses_sees_no_figure(signed_in: SignIn, client: Client, url: str) -> None:
    assert signed_in("outsider").get(url).status_code == 403
    assert client.get(url).status_code == 302
    assert signed_in("viewer").post(url).status_code == 405
