"""Figures as people read them: never a signed zero, never a number that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formatting import NOTHING, figure, power_factor


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (-0.0, "0"), (-1e-7, "0.0000"), (-0.04, "−0.0400"), (float("nan"), NOTHING), (float("-inf"), NOTHING)],
)
def test_a_figure_has_a_sign_only_where_it_has_digits(value: float, shown: str) -> None:
    assert figure(value) == shown


@given(st.floats(-1, 1, allow_nan=False))
def test_no_power_factor_is_a_signed_zero(value: float) -> None:
    assert power_factor(value) not in ("-0.00", "−0.00")
