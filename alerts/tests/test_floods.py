"""Floods: when one starts and ends, and what the list shows meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from alerts import floods
from alerts.flood_state import Flood, flood_at
from alerts.models import AlertEvent
from substations.models import Link

from .alert_scenes import CRITICAL, START, detected, raised, station
from .page_checks import SignIn, text

MINUTE = timedelta(minutes=1)


def at(*minutes: float) -> list[datetime]:
    return [START + each * MINUTE for each in minutes]


def flood(now: float, times: list[datetime]) -> Flood | None:
    return flood_at(START + now * MINUTE, times, starts_above=10, ends_below=5)


def test_ten_in_ten_minutes_are_none_and_eleven_are() -> None:
    assert flood(9, at(*range(10))) is None
    assert flood(9, at(*range(10), 9)) == Flood(START + 9 * MINUTE, 11)


def test_eleven_in_more_than_ten_minutes_are_none() -> None:
    assert flood(10, at(*range(11))) is None


def test_it_goes_on_until_fewer_than_five_came_in_ten_minutes() -> None:
    times = at(*[0] * 11, 5, 5, 5, 5, 5)
    assert flood(14, times) == Flood(START, 5)
    assert flood(15, times) is None


def test_five_every_ten_minutes_keep_it_going() -> None:
    times = at(*[0] * 11, *range(2, 120, 2))
    assert flood(118, times) == Flood(START, 5)


TIMES = st.lists(st.integers(0, 60), max_size=40)


@given(TIMES, st.integers(0, 90), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_the_future_is_not_seen(minutes: list[int], now: int, random: object) -> None:
    shuffled = list(minutes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # of hypothesis
    found = flood(now, at(*minutes))
    assert found == flood(now, at(*shuffled)) == flood(now, at(*(each for each in minutes if each <= now)))
    within = [each for each in minutes if now - 10 < each <= now]
    if len(within) > 10:
        assert found
    if found:
        assert found.announced == len(within) >= 5


@pytest.mark.django_db
def test_a_fault_of_a_feeder_with_ten_substations_is_one_announcement_and_no_flood() -> None:
    from alerts import review

    for number in range(10):
        Link.objects.create(source=station("HEAD"), target=station(f"S{number}"))
        detected(station(f"S{number}"), start=START + number * MINUTE)
    review.review_changed()
    assert AlertEvent.objects.filter(announces=True).count() == 1
    assert floods.current(now=timezone.now()) is None
    [group] = floods.groups(50)
    assert (group.feeder, group.first.substation.code, group.count) == ("fed by HEAD", "S0", 10)


@pytest.mark.django_db
def test_groups_are_by_feeder_and_cause_with_critical_ones_first() -> None:
    for code in ("A", "B"):
        Link.objects.create(source=station("HEAD"), target=station(code))
    raised("A", start=START + MINUTE)
    raised("B")
    raised("A", cause="ct_error", kind="meter", severity=CRITICAL)
    raised("B", cause="ct_error", kind="meter")
    raised("ALONE", cause="overload", severity=CRITICAL)
    found = floods.groups(50)
    assert [(group.feeder, group.first.get_cause_display(), group.first.substation.code) for group in found] == [
        ("fed by HEAD", "Current transformer error", "A"),
        ("fed by HEAD", "Capacitor bank failure", "B"),
    ]


@pytest.mark.django_db
def test_what_an_alert_silences_is_in_its_group() -> None:
    Link.objects.create(source=station("HEAD"), target=station("A"))
    for code in ("HEAD", "A"):
        raised(code, kind="data_missing", cause="data_missing", loss_kwh=None)
    [group] = floods.groups(50)
    assert (group.feeder, group.first.substation.code, group.count) == ("HEAD", "HEAD", 2)


@pytest.mark.django_db
def test_a_flood_has_a_banner_and_nothing_is_dropped_from_the_list(signed_in: SignIn) -> None:
    for number in range(10):
        raised(f"S{number}")
    client = signed_in("viewer")
    assert "Flood of alarms" not in text(client.get("/alerts/"))
    raised("S10")
    response = client.get("/alerts/")
    assert "11 alarms in the last ten minutes." in text(response)
    assert len(response.context["page"].object_list) == 11
    assert floods.current(now=timezone.now() + 11 * MINUTE) is None
