"""Cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.spreadsheets import FORMULA_STARTS, guarded, unguarded

STARTS = st.text(alphabet="'=+-@\t\ra", max_size=6)


@given(st.one_of(st.text(), STARTS))
def test_there_and_back_is_the_same_text(text: str) -> None:
    assert unguarded(guarded(text)) == text


@given(st.one_of(st.text(), STARTS))
def test_no_guarded_text_starts_a_formula(text: str) -> None:
    assert not str(guarded(text)).startswith(FORMULA_STARTS)


@pytest.mark.parametrize("value", [-3.5, 7, None, 0.0, True])
def test_numbers_stay_numbers(value: object) -> None:
    assert guarded(value) is value
    assert unguarded(value) is value


def test_ordinary_quotes_are_left_alone() -> None:
    assert guarded("'tis") == unguarded("'tis") == "'tis"


@given(st.lists(STARTS.filter(bool), min_size=1, max_size=4))
def test_it_survives_a_file(texts: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([guarded(text) for text in texts])
    file.seek(0)
    assert [unguarded(cell) for cell in next(csv.reader(file))] == texts
