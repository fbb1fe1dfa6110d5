"""What the grid loses now and lost in the last day, summed over the substations that report."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from losses.tests.stored_losses import billed
from mlcore.models import Score
from smart_ems.dashboard.losses_now import losses_now
from substations.models import PendingRange, Substation

from .scene import SignIn, station, text

pytestmark = pytest.mark.django_db
URL = "/dashboard/losses/"


def scores(substation: Substation, *loss_kw: float, extra_kw: float = 0.5) -> None:
    """Scores of the newest readings, the last one at the newest."""
    step, newest = timedelta(seconds=substation.reading_interval_s), substation.readings.get().at
    for number, loss in enumerate(reversed(loss_kw)):
        at = newest - number * step
        Score.objects.create(
            substation=substation, at=at, loss_kw=loss, extra_loss_kw=extra_kw, avoidable_loss_kw=loss / 4
        )


def test_the_newest_of_every_substation_is_added_up() -> None:
    scores(station("A"), 9.0, 4.0)
    scores(station("B"), 8.0)
    found = losses_now(timezone.now())
    assert (found.reporting, found.loss_kw, found.extra_kw, found.avoidable_kw) == (2, 12.0, 1.0, 3.0)


def test_a_silent_substation_has_no_loss_now_but_its_day_counts() -> None:
    scores(station("A"), 4.0)
    scores(station("B", silent_for=timedelta(hours=2)), 8.0)
    found = losses_now(timezone.now())
    assert (found.reporting, found.loss_kw) == (1, 4.0)
    assert found.day.loss_kwh == pytest.approx((4.0 + 8.0) * 0.25)


def test_energy_is_power_times_the_interval_of_each_meter_over_24_hours() -> None:
    scores(station("A"), *[2.0] * 100)
    scores(station("B", reading_interval_s=3600), *[5.0] * 30)
    found = losses_now(timezone.now())
    assert found.day.loss_kwh == pytest.approx(96 * 2.0 * 0.25 + 24 * 5.0, rel=0.05)
    assert found.day.extra_kwh == pytest.approx(96 * 0.5 * 0.25 + 24 * 0.5, rel=0.05)


def test_what_is_not_known_counts_as_nothing() -> None:
    one = station("A")
    Score.objects.create(substation=one, at=one.readings.get().at, loss_kw=None)
    assert losses_now(timezone.now()).loss_kw == 0.0
    Substation.objects.all().delete()
    assert losses_now(timezone.now()).until is None


def test_the_fragment_shows_the_figures(signed_in: SignIn) -> None:
    scores(station("A"), 4.0)
    page = text(signed_in("viewer").get(URL))
    assert 'id="loss-now">4.00 <span class="unit">kW</span>' in page
    assert "1 substation reporting" in page


def test_the_day_has_its_share_and_its_cost(signed_in: SignIn) -> None:
    one = station("A")
    scores(one, *[5.5] * 8, extra_kw=0.5)
    billed(one, date(2026, 3, 1), "60", "0", avoidable_kwh=10.0)
    page = text(signed_in("viewer").get(URL))
    assert "10.0 % above normal" in page
    assert "₹ 6.00" in page  # 1 kWh at 60 for 10 kWh


def test_where_some_have_no_price_the_cost_is_a_lower_bound(signed_in: SignIn) -> None:
    for code in "AB":
        scores(station(code), *[5.5] * 8, extra_kw=0.5)
    billed(Substation.objects.get(code="A"), date(2026, 3, 1), "60", "0", avoidable_kwh=10.0)
    assert "at least ₹ 6.00" in text(signed_in("viewer").get(URL))


@pytest.mark.parametrize(("role", "status"), [("viewer", 200), ("outsider", 403)])
def test_who_may_see_it(signed_in: SignIn, role: str, status: int) -> None:
    assert signed_in(role).get(URL).status_code == status


def test_anonymous_and_wrong_method(signed_in: SignIn) -> None:
    assert Client().get(URL).status_code == 302
    assert signed_in("viewer").post(URL).status_code == 405


def test_the_cost_does_not_grow_with_the_substations(django_assert_num_queries: Any) -> None:
    for number in range(20):
        scores(station(f"S{number}"), 1.0)
    with django_assert_num_queries(4):
        losses_now(timezone.now())


@pytest.mark.parametrize(("extra_kw", "said"), [(0.5, "above normal"), (-0.5, "below normal")])
def test_less_than_usual_is_said_in_words(signed_in: SignIn, extra_kw: float, said: str) -> None:
    scores(station("A"), 4.0, extra_kw=extra_kw)
    assert said in signed_in("viewer").get(URL).content.decode()


def test_before_anything_was_judged_it_shows_dashes_and_how_long_it_takes(signed_in: SignIn) -> None:
    one = station("A", trained=False)
    PendingRange.objects.create(substation=one, start=timezone.now(), end=timezone.now())
    page = text(signed_in("viewer").get(URL))
    assert 'id="loss-now">–' in page
    assert "learning, about 5 s" in page
    assert "0 <" not in page


def test_of_a_record_that_has_ended_nothing_is_now(signed_in: SignIn) -> None:
    scores(station("A", silent_for=timedelta(hours=3)), 4.0)
    page = text(signed_in("viewer").get(URL))
    assert "Loss at last reading" in page
    assert "No data since" in page
    assert "Loss now" not in page
    assert "is-stale" in page
