"""For which share of the time the load was above what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from substations.duration import MAX_POINTS, duration_curve, exceeded
from substations.models import Reading, Substation

from .readings_pages import AT, STEP, SignIn, assert_guarded, read

URL = "/substations/SS-01/duration/"
LOADS = hnp.arrays(np.float64, st.integers(1, 1500), elements=st.floats(0, 1e5) | st.just(float("nan")))


@given(LOADS)
def test_the_curve_falls_and_keeps_both_extremes(load: Any) -> None:
    part_pct, values = exceeded(load)
    known = load[np.isfinite(load)]
    assert len(part_pct) == len(values) <= MAX_POINTS
    if len(known):
        assert (values[0], values[-1]) == (known.max(), known.min())
        assert part_pct[-1] == pytest.approx(100.0)
        assert (np.diff(values) <= 0).all()
        assert (np.diff(part_pct) > 0).all()


@given(LOADS)
def test_each_point_says_for_which_share_that_load_was_reached(load: Any) -> None:
    known = load[np.isfinite(load)]
    for part, value in zip(*exceeded(load, 20), strict=True):
        assert (known >= value).mean() * 100 >= part - 1e-9


def test_the_rating_is_a_line_with_its_name() -> None:
    layout = duration_curve(np.ones(3), name="S", unit="kVA", limit=630.0, limit_label="Rated", axis="%")["layout"]
    assert (layout["shapes"][0]["y0"], layout["annotations"][0]["text"]) == (630.0, "Rated")
    bare = duration_curve(np.ones(3), name="S", unit="kVA", limit=None, limit_label="Rated", axis="%")["layout"]
    assert bare["shapes"] == bare["annotations"] == []


@pytest.mark.django_db
def test_those_without_a_role_see_nothing(signed_in: SignIn) -> None:
    Substation.objects.create(code="SS-01")
    assert_guarded(signed_in, URL)
    assert signed_in("operator").get("/substations/SS-99/duration/").status_code == 404
    assert signed_in("viewer").get(URL, {"from": "soon"}).status_code == 400


@pytest.mark.django_db
def test_the_sentence_says_what_the_curve_shows(signed_in: SignIn) -> None:
    station = Substation.objects.create(code="SS-01", rated_kva=100)
    loads = [50.0] * 6 + [90.0] * 4
    Reading.objects.bulk_create(
        Reading(substation=station, at=AT + n * STEP, apparent_power_kva=load) for n, load in enumerate(loads)
    )
    figure = signed_in("viewer").get(URL).json()
    assert figure["summary"] == (
        "Highest 90.0 kVA; half of the time above 50.0 kVA. Above 80 % of 100 kVA for 40 % of the time."
    )
    assert figure["data"][0]["y"] == sorted(loads, reverse=True)


@pytest.mark.django_db
def test_active_power_stands_in_and_nothing_is_said(signed_in: SignIn) -> None:
    station = Substation.objects.create(code="SS-01")
    client = signed_in("viewer")
    assert "No load was measured" in client.get(URL).json()["empty"]
    read(station, active_power_kw=-40.0)
    figure = client.get(URL).json()
    assert (figure["data"][0]["name"], figure["data"][0]["y"][0]) == ("Active power", 40.0)
    assert figure["layout"]["shapes"] == []
