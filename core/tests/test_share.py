"""A share as per cent: rounded, and never all when it is not."""

from __future__ import annotations

import math

import pytest

from core.formatting import share


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 %"), (0.099, "10 %"), (0.5, "50 %"), (0.994, "99 %"), (0.998, "99.8 %"), (0.9999, "99.9 %"),
        (1.0, "100 %"), (1.234, "123 %"), (None, "–"), (math.nan, "–"),
    ],
)  # fmt: skip
def test_it_reads_as_people_write_it(value: float | None, text: str) -> None:
    assert share(value) == text
