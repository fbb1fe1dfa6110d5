"""The path of a small line chart."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from core.sparkline import HEIGHT, WIDTH, Sparkline

VALUES = st.lists(st.one_of(st.none(), st.floats(allow_infinity=True, allow_nan=True)), max_size=60)


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path)]


def test_nothing_known_draws_nothing() -> None:
    for values in ([], [None, None], [math.nan]):
        assert Sparkline.of(values) == Sparkline("", "", None)


def test_a_rising_line_rises_from_left_to_right() -> None:
    spark = Sparkline.of([1.0, 2.0, 3.0])
    assert spark.line == "M0.0 22.0L60.0 12.0L120.0 2.0"
    assert spark.end == ("120.0", "2.0")


def test_a_gap_lifts_the_pen() -> None:
    assert Sparkline.of([1.0, 2.0, None, 2.0, 1.0]).line.count("M") == 2


def test_a_flat_line_runs_through_the_middle() -> None:
    assert {y for _x, y in points(Sparkline.of([5.0, 5.0]).line)} == {HEIGHT / 2}


def test_the_usual_range_lies_behind_and_widens_the_scale() -> None:
    spark = Sparkline.of([0.95, 0.96], low=0.9, high=1.0)
    assert spark.band == "M0 2.0H120V22.0H0Z"
    assert Sparkline.of([0.95], low=0.9).band == ""


@given(VALUES)
def test_every_known_value_is_drawn_inside_the_box(values: list[float | None]) -> None:
    spark = Sparkline.of([value if value is None or abs(value) < 1e150 else None for value in values])
    drawn = points(spark.line)
    assert len(drawn) == sum(value is not None and math.isfinite(value) and abs(value) < 1e150 for value in values)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)
