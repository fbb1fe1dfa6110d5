"""The months that a report covers, as its URL says them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from losses.report_period import MAX_MONTHS, PRESETS, ReportPeriod, shifted

NEWEST = date(2026, 11, 26)
DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, "2026-11-01", "2026-11-26"),
        ({"months": "last"}, "2026-10-01", "2026-10-31"),
        ({"months": "3"}, "2026-09-01", "2026-11-26"),
        ({"months": "12"}, "2025-12-01", "2026-11-26"),
        ({"from": "2026-01", "to": "2026-02"}, "2026-01-01", "2026-02-28"),
        ({"from": "2026-10"}, "2026-10-01", "2026-11-26"),
        ({"from": "2027-01", "to": "2027-01"}, "2027-01-01", "2027-01-31"),
    ],
)
def test_a_url_says_months(query: dict[str, str], first: str, last: str) -> None:
    found = ReportPeriod.parse(query, NEWEST)
    assert (found.first.isoformat(), found.last.isoformat(), found.error) == (first, last, "")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"months": "7"}, "“7”"),
        ({"from": "2026-13"}, "2026-13"),
        ({"from": "yesterday"}, "yesterday"),
        ({"from": "0001-01"}, "0001-01"),
        ({"from": "1e9-01"}, "1e9-01"),
        ({"from": "2026-03", "to": "2026-01"}, "Exchange"),
        ({"from": "1980-01", "to": "2026-01"}, str(MAX_MONTHS)),
    ],
)
def test_what_is_no_period_says_why_and_shows_the_newest_month(query: dict[str, str], named: str) -> None:
    found = ReportPeriod.parse(query, NEWEST)
    assert named in found.error
    assert found.first == date(2026, 11, 1)


def test_a_month_that_is_not_over_is_compared_with_as_many_days() -> None:
    assert ReportPeriod.parse({}, NEWEST).before() == ReportPeriod(date(2026, 10, 1), date(2026, 10, 26))
    march = ReportPeriod.parse({}, date(2026, 3, 31)).before()
    assert march == ReportPeriod(date(2026, 2, 1), date(2026, 2, 28))
    year = ReportPeriod.parse({"months": "12"}, NEWEST).before()
    assert year == ReportPeriod(date(2024, 12, 1), date(2025, 11, 26))


@given(DAYS, st.sampled_from(sorted(PRESETS)))
def test_the_period_before_ends_where_this_one_begins(newest: date, preset: str) -> None:
    found = ReportPeriod.parse({"months": preset}, newest)
    before = found.before()
    assert len(before.months) == len(found.months)
    assert before.first <= before.last < found.first
    assert shifted(before.months[-1], 1) == found.first


@given(DAYS, st.sampled_from(sorted(PRESETS)))
def test_the_url_of_a_period_is_that_period(newest: date, preset: str) -> None:
    found = ReportPeriod.parse({"months": preset}, newest)
    assert ReportPeriod.parse(dict(part.split("=") for part in found.query.split("&")), newest) == found
