"""A power factor with two decimals: rounded, not cut."""

from __future__ import annotations

import math

import pytest

from core.formatting import power_factor


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.799, "0.80"), (0.794, "0.79"), (1.0, "1.00"), (-0.876, "-0.88"), (None, "–"), (math.nan, "–")],
)
def test_it_is_rounded(value: float | None, text: str) -> None:
    assert power_factor(value) == text
