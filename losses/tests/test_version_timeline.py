"""Versions of a tariff have neither gap nor overlap."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from losses.tariffs.version_timeline import Validity, timeline_problems

JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 31)


def test_what_follows_on_is_right() -> None:
    assert list(timeline_problems([(date(2026, 4, 1), None), (JANUARY, MARCH)])) == []
    assert list(timeline_problems([])) == []


def test_an_overlap_says_how_to_mend_it() -> None:
    assert list(timeline_problems([(JANUARY, None), (date(2026, 4, 1), None)])) == [
        "Received versions that overlap: from 2026-01-01 until further notice, and the next from 2026-04-01. "
        "Let the earlier one end on 2026-03-31."
    ]


def test_a_gap_says_how_to_mend_it() -> None:
    (problem,) = timeline_problems([(JANUARY, MARCH), (date(2026, 5, 1), None)])
    assert "with a gap" in problem
    assert "end on 2026-04-30, or add one between" in problem


@given(st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_pieces_of_a_time_are_right_whatever_their_length(lengths: list[int]) -> None:
    validities: list[Validity] = []
    start = JANUARY
    for length in lengths:
        validities.append((start, start + timedelta(days=length - 1)))
        start += timedelta(days=length)
    assert list(timeline_problems(validities[::-1])) == []
