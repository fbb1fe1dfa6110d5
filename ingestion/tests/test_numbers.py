from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.numbers import to_numbers


def read(text: str, *, decimal: str = ".") -> float | None:
    found = to_numbers(pd.Series([text], dtype=object), decimal)
    return None if found.garbled[0] else float(found.values[0])


@pytest.mark.parametrize(
    ("text", "decimal", "meant"),
    [
        ("12.5", ".", 12.5),
        (" -12.5 ", ".", -12.5),
        ("\N{MINUS SIGN}12.5", ".", -12.5),
        ("1,234.5", ".", 1234.5),
        ("1.2e3", ".", 1200.0),
        ("12,5", ",", 12.5),
        ("1.234,5", ",", 1234.5),
        ("1.234", ",", 1234.0),
        ("1 234,5", ",", 1234.5),
    ],
)
def test_reads_numbers_as_they_are_written(text: str, decimal: str, meant: float) -> None:
    assert read(text, decimal=decimal) == meant


@pytest.mark.parametrize("text", ["1,5", "abc", "12.5 W", "0x10", "1_000", "inf", "True", "1.2.3", "1e"])
def test_never_guesses_at_a_garbled_number(text: str) -> None:
    assert read(text) is None


def test_a_decimal_point_is_garbled_where_the_file_uses_commas() -> None:
    assert read("12.5", decimal=",") is None


def test_a_blank_is_neither_a_number_nor_garbled() -> None:
    found = to_numbers(pd.Series([None, "x", "1"], dtype=object), ".")
    assert found.garbled.tolist() == [False, True, False]
    assert np.isnan(found.values).tolist() == [True, True, False]


@settings(max_examples=80)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".", ","]))
def test_every_float_survives_both_decimal_signs(value: float, decimal: str) -> None:
    assert read(repr(value).replace(".", decimal), decimal=decimal) == value


@settings(max_examples=150)
@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=6), st.sampled_from([".", ","]))
def test_no_text_makes_reading_fail(texts: list[str | None], decimal: str) -> None:
    assert len(to_numbers(pd.Series(texts, dtype=object), decimal).values) == len(texts)
