"""Arrays to figures: what is drawn is what was measured."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from substations.charts import MAX_POINTS, ChartLine, ShadedInterval, thin, time_series, zone_label

STEP = 900
LONG = hnp.arrays(
    np.float64,
    st.integers(30, 400),
    elements=st.floats(-1e6, 1e6, width=32) | st.just(float("nan")),
)


def times(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return 1_772_409_600 + STEP * np.arange(count, dtype=np.int64)


def drawn(at_s: Any, *values: Any, **options: Any) -> list[dict[str, Any]]:
    lines = [ChartLine(f"line {n}", np.asarray(each, dtype=float), "measured") for n, each in enumerate(values)]
    found: list[dict[str, Any]] = time_series(at_s, lines, panels=["y"], interval_s=STEP, **options)["data"]
    return found


@given(LONG)
@settings(max_examples=150)
def test_extremes_and_both_ends_survive_thinning(values: Any) -> None:
    kept = thin(times(len(values)), values, 20)
    assert len(kept) <= 20
    assert (np.diff(kept) > 0).all()
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    known = values[np.isfinite(values)]
    if len(known):
        assert np.nanmax(values[kept]) == known.max()
        assert np.nanmin(values[kept]) == known.min()


def test_a_short_series_is_kept_whole() -> None:
    assert thin(times(20), np.arange(20.0), 20).tolist() == list(range(20))


def test_a_gap_in_the_readings_stays_a_gap() -> None:
    at_s = times(10)[[0, 1, 2, 6, 7]]
    trace = drawn(at_s, [1, 2, 3, 4, 5])[0]
    assert trace["y"] == [1, 2, 3, None, 4, 5]
    assert trace["x"][3] == "2026-03-02T01:00:00"
    assert trace["connectgaps"] is False


def test_a_missing_value_is_nothing_and_not_zero() -> None:
    assert drawn(times(3), [1.0, float("nan"), 3.0])[0]["y"] == [1, None, 3]


@given(st.integers(0, 2**32 - 1), st.integers(3, 40))
@settings(max_examples=20)
def test_a_long_record_is_broken_at_its_gaps_and_nowhere_else(seed: int, gaps: int) -> None:
    rng = np.random.default_rng(seed)
    present = np.ones(12_000, dtype=bool)
    starts = rng.integers(100, 11_900, gaps)
    for start in starts:
        present[start : start + 8] = False
    at_s = times(12_000)[present]
    trace = drawn(at_s, rng.normal(size=len(at_s)))[0]
    breaks = [n for n, value in enumerate(trace["y"]) if value is None]
    assert len(trace["y"]) <= MAX_POINTS + gaps
    assert len(breaks) <= int((np.diff(at_s) > STEP).sum())
    lost = set(np.datetime_as_string(times(12_000)[~present].astype("datetime64[s]")).tolist())
    assert breaks
    for each in breaks:
        before, after = trace["x"][each - 1], trace["x"][each + 1]
        assert any(before < moment < after for moment in lost)


def test_every_trace_of_a_long_record_shares_one_axis() -> None:
    one, two, three = drawn(times(20_000), *np.random.default_rng(1).normal(size=(3, 20_000)))
    assert one["x"] == two["x"] == three["x"]
    assert len(one["x"]) <= MAX_POINTS + 2


def test_no_readings_make_an_empty_figure() -> None:
    assert drawn(times(0), [])[0]["y"] == []


def test_times_are_local_and_episodes_are_shaded_up_to_the_newest_reading() -> None:
    at_s = times(4)
    episodes = [
        ShadedInterval(int(at_s[1]), None, "critical", "Overload", url="/episodes/1/"),
        ShadedInterval(int(at_s[0]), int(at_s[2]), "warning", "x"),
    ]
    figure = time_series(
        at_s,
        [ChartLine("a", np.ones(4), "measured")],
        panels=["y"],
        interval_s=STEP,
        utc_offset_s=19_800,
        episodes=episodes,
    )
    assert figure["data"][0]["x"][0] == "2026-03-02T05:30:00"
    first, second = figure["layout"]["shapes"]
    assert (first["x0"], first["x1"], first["name"]) == (
        "2026-03-02T05:45:00", "2026-03-02T06:15:00", "episode:critical",
    )  # fmt: skip
    assert second["x1"] == "2026-03-02T06:00:00"
    assert figure["layout"]["xaxis"]["range"] == ["2026-03-02T05:30:00", "2026-03-02T06:15:00"]
    label = figure["layout"]["annotations"][0]
    assert (label["text"], label["captureevents"]) == ("Overload", True)
    assert figure["layout"]["meta"]["episodes"][0] == {"url": "/episodes/1/", "label": "Overload"}
    assert figure["layout"]["xaxis"]["title"]["text"] == "UTC+05:30"


def test_panels_share_the_height_without_overlap_and_guides_are_drawn() -> None:
    lines = [ChartLine("a", np.ones(3), "measured"), ChartLine("b", np.ones(3), "band", panel=2, fill_to_previous=True)]
    figure = time_series(times(3), lines, panels=["1", "2", "3"], interval_s=STEP, guides={0: [("target", 0.95)]})
    domains = sorted(figure["layout"][axis]["domain"] for axis in ("yaxis", "yaxis2", "yaxis3"))
    assert all(low[1] < high[0] for low, high in pairwise(domains))
    assert (figure["data"][1]["yaxis"], figure["data"][1]["fill"]) == ("y3", "tonexty")
    assert figure["layout"]["shapes"][0]["y0"] == 0.95


@pytest.mark.parametrize(("offset_s", "label"), [(0, "UTC"), (19_800, "UTC+05:30"), (-12_600, "UTC−03:30")])
def test_the_axis_says_which_clock_it_shows(offset_s: int, label: str) -> None:
    assert zone_label(offset_s) == label


@pytest.mark.parametrize("count", [0, 3, 5000])
def test_plotly_knows_every_part_of_a_figure(count: int) -> None:
    ones = np.ones(count)
    lines = [ChartLine("a", ones, "measured"), ChartLine("b", ones, "band", fill_to_previous=True)]
    shaded = [ShadedInterval(0, 10, "warning", "x")]
    guides = {1: [("limit", 2.0)]}
    figure = time_series(times(count), lines, panels=["y", "z"], interval_s=STEP, episodes=shaded, guides=guides)
    assert len(go.Figure(figure).data) == 2


@pytest.mark.parametrize("count", [0, 3, 5000])
def test_a_figure_is_plain_json(count: int) -> None:
    lines = [ChartLine("a", np.full(count, np.nan), "measured"), ChartLine("b", np.ones(count), "expected", "kW")]
    json.dumps(time_series(times(count), lines, panels=["y"], interval_s=STEP), allow_nan=False)
