"""The time range of a page, read from its URL."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from hypothesis import given
from hypothesis import strategies as st

from core.time_range import PRESETS, TimeRange

KOLKATA = zoneinfo.ZoneInfo("Asia/Kolkata")
NEWEST = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def read(**query: str) -> TimeRange:
    return TimeRange.parse({"from": query.pop("start", "")} | query, zone=KOLKATA)


def test_a_preset_reaches_back_from_the_newest() -> None:
    assert read(range="24h").bounds(NEWEST) == (NEWEST - timedelta(hours=24), None)
    assert read(range="all").bounds(NEWEST) == (None, None)
    assert read(range="30d").bounds(None) == (None, None)


def test_nothing_said_is_the_default_and_adds_nothing_to_the_url() -> None:
    chosen = read()
    assert (chosen.preset, chosen.is_default, chosen.fields, chosen.query) == ("7d", True, [], "range=7d")
    assert read(range="7d").fields == [("range", "7d")]


def test_exact_times_are_in_the_zone_of_the_page() -> None:
    chosen = read(start="2026-03-01T10:00", to="2026-03-01T12:00")
    assert chosen.bounds(NEWEST) == (
        datetime(2026, 3, 1, 4, 30, tzinfo=UTC),
        datetime(2026, 3, 1, 6, 30, tzinfo=UTC),
    )
    assert chosen.query == "from=2026-03-01T10%3A00&to=2026-03-01T12%3A00"


def test_an_offset_in_the_url_wins_over_the_zone() -> None:
    assert read(start="2026-03-01T10:00+00:00").start_text == "2026-03-01T15:30"


def test_a_day_as_the_end_is_the_whole_day() -> None:
    start, end = read(start="2026-03-01", to="2026-03-01").bounds(NEWEST)
    assert start is not None
    assert end is not None
    assert timedelta(hours=23, minutes=59) < end - start < timedelta(days=1)


def test_one_side_may_stay_open() -> None:
    assert read(start="2026-03-01").bounds(NEWEST)[1] is None
    assert read(to="2026-03-01").bounds(NEWEST)[0] is None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"range": "5y"}, "“5y” is not a range; expected 24h, 7d, 30d, all"),
        ({"start": "yesterday"}, "“yesterday” is not a time; expected a day such as 2026-03-02"),
        ({"to": "2026-02-30"}, "“2026-02-30” is not a time"),
        ({"start": "0001-01-01"}, "is not a time"),
        ({"start": "2026-03-02", "to": "2026-03-01"}, "begins at 2026-03-02 and ends before that, at 2026-03-01"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_default_stands_in(query: dict[str, str], said: str) -> None:
    chosen = read(**query)
    assert said in chosen.error
    assert chosen.bounds(NEWEST) == (NEWEST - timedelta(days=7), None)


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=8))
def test_any_text_gives_a_range_or_says_why_not(start: str, end: str, name: str) -> None:
    chosen = read(start=start, to=end, range=name)
    first, last = chosen.bounds(NEWEST)
    assert first is None or last is None or first < last
    assert bool(chosen.error) or chosen.preset in PRESETS or bool(chosen.fields)


@given(st.datetimes(min_value=datetime(1975, 1, 1), max_value=datetime(2150, 1, 1)), st.integers(1, 10**6))  # noqa: DTZ001  (hypothesis wants them naive)
def test_the_url_of_a_range_reads_back_as_the_same_range(start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    chosen = read(start=start.isoformat(), to=(start + timedelta(minutes=minutes)).isoformat())
    again = TimeRange.parse(dict(chosen.fields), zone=KOLKATA)
    assert (again.start, again.end, chosen.error) == (chosen.start, chosen.end, "")


@pytest.mark.django_db
def test_rows_within_a_range_are_those_between_its_ends_with_both() -> None:
    first = datetime(2026, 3, 2, tzinfo=UTC)
    for at in (first, first + timedelta(days=1), first + timedelta(days=2)):
        Session.objects.create(session_key=f"{at:%d}", session_data="", expire_date=at)
    query = {"from": "2026-03-02T00:00", "to": "2026-03-03T00:00"}
    chosen = TimeRange.parse(query, zone=UTC)
    rows = chosen.within(Session.objects.order_by("pk"), "expire_date", newest=None)
    assert [row.pk for row in rows] == ["02", "03"]
    everything = TimeRange.parse({"range": "all"}, zone=UTC)
    assert everything.within(Session.objects.all(), "expire_date", newest=first).count() == 3
