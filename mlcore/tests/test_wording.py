"""How figures are written: for programs always alike, for pages as their language does."""

from __future__ import annotations

import math
import sys

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from mlcore.explanations.wording import MAX_HOURS, PAGE, PLAIN, number, within


@pytest.mark.parametrize(
    ("value", "unit", "form", "written"),
    [
        (181.44, "kvar", ".4g", "181.4 kvar"),
        (11_612.5, "V", ".0f", "11612 V"),
        (0.8, "", ".2f", "0.80"),
        (1e-12, "kWh", ".3g", "0 kWh"),
        (-1e-12, "kWh", ".3g", "0 kWh"),
        (2e12, "", ".0f", "2e+12"),
        (5.2, "%", "+.1f", "+5.2 %"),
    ],
)
def test_a_program_reads_digits_with_a_point(value: float, unit: str, form: str, written: str) -> None:
    with translation.override("de"):
        assert PLAIN.amount(value, unit, form) == written


@pytest.mark.parametrize(
    ("hours", "written"),
    [(0.0, "1 min"), (0.5, "30 min"), (1.4, "84 min"), (1.5, "2 h"), (71.0, "71 h"), (72.0, "3.0 days"),
     (-5.0, "1 min")],
)  # fmt: skip
def test_a_duration_is_in_minutes_hours_or_days(hours: float, written: str) -> None:
    assert PLAIN.lasting(hours) == written


def test_a_duration_beyond_all_bounds_is_cut() -> None:
    assert PLAIN.lasting(1e300) == PLAIN.lasting(MAX_HOURS)
    assert PAGE.lasting(math.inf) == PAGE.lasting(MAX_HOURS)


def test_a_page_groups_digits_as_its_language_does() -> None:
    with translation.override("de"):
        assert PAGE.amount(11_612.0, "V") == "11.612 V"
        assert PAGE.amount(0.8, "", ".2f") == "0,80"


def test_a_page_shows_what_is_next_to_nothing_as_nothing() -> None:
    assert PAGE.amount(1e-6, "", ".2f") == "0.00"


@given(st.floats(allow_nan=False))
def test_no_number_is_beyond_all_numbers(value: float) -> None:
    assert abs(within(value)) <= sys.float_info.max
    assert "inf" not in number(value)


@given(st.floats(-1e8, 1e8))
def test_what_is_written_reads_as_the_number_to_its_digits(value: float) -> None:
    assert float(number(value, ".6g")) == pytest.approx(value, rel=1e-5, abs=5.1e-5)
