"""When the last readings came in: said on every page, and told apart from a page that lost its connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from smart_ems.dashboard.overview import last_measured
from substations.models import Substation

from .scene import SignIn, station

pytestmark = pytest.mark.django_db
URL = "/dashboard/freshness/"


@pytest.fixture
def viewer(signed_in: SignIn) -> Client:
    return signed_in("viewer")


def said(client: Client) -> str:
    return client.get(URL).content.decode()


def test_without_any_it_says_so(viewer: Client) -> None:
    assert "No readings yet" in said(viewer)


def test_fresh_readings_have_an_age_and_no_warning(viewer: Client) -> None:
    station("A")
    assert "is-stale" not in said(viewer)
    assert "<time" in said(viewer)


def test_three_intervals_without_any_are_stale(viewer: Client) -> None:
    station("A", silent_for=timedelta(minutes=46))
    assert "No data since" in said(viewer)


def test_old_readings_that_come_in_now_are_stale(viewer: Client) -> None:
    substation = station("A", silent_for=timedelta(days=30))
    Substation.objects.filter(pk=substation.pk).update(received_at=timezone.now())
    assert "No data since" in said(viewer)


def test_one_silent_substation_does_not_make_the_grid_stale(viewer: Client) -> None:
    station("A", silent_for=timedelta(hours=9))
    station("B", silent_for=timedelta(minutes=10))
    assert "is-stale" not in said(viewer)


def test_slow_meters_are_given_their_time(viewer: Client) -> None:
    station("A", silent_for=timedelta(minutes=50), reading_interval_s=3600)
    assert "is-stale" not in said(viewer)
    station("B", silent_for=timedelta(minutes=50))
    assert "is-stale" not in said(viewer)


def test_every_page_shows_it(viewer: Client) -> None:
    assert f'hx-get="{URL}"' in viewer.get("/alerts/").content.decode()


@pytest.mark.parametrize(("role", "status"), [("viewer", 200), ("outsider", 403)])
def test_who_may_see_it(signed_in: SignIn, role: str, status: int) -> None:
    assert signed_in(role).get(URL).status_code == status


def test_anonymous_and_wrong_method(viewer: Client) -> None:
    assert Client().get(URL).status_code == 302
    assert viewer.post(URL).status_code == 405


def test_it_costs_one_question(viewer: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        station(f"S{number}", reading_interval_s=(60, 300, 900)[number % 3])

    with django_assert_max_num_queries(1):
        last_measured(timezone.now())
