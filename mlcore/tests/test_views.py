"""The pages of models and charts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mlcore.models import Detection, Detector, Score, ScoringFailure, TrainingFailure
from substations.models import Reading, Substation
from substations.simulation import Simulation

from .grid import DAY, FAULTY, moment, trained_and_scored

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
START = moment(1_772_409_600)


def station(code: str = "SS-01") -> Substation:
    return Substation.objects.create(code=code, reading_interval_s=3600)


def model(substation: Substation) -> Detector:
    return Detector.objects.create(
        substation=substation, version=1, trained_from=START, trained_until=START, row_count=1234, arrays=b"x" * 100,
        sha256="", is_active=True,
    )  # fmt: skip


def episode(substation: Substation, **values: Any) -> Detection:
    given = {"kind": "loss", "cause": "overload", "severity": 20, "start": START, "peak": START, "score": 2.0}
    return Detection.objects.create(substation=substation, reason="because", **given | values)


@pytest.mark.parametrize("path", ["", "SS-01/chart/", "SS-01/panel/", "episodes/{episode}/chart/"])
def test_those_without_a_role_see_nothing(client: Client, signed_in: SignIn, path: str) -> None:
    url = "/models/" + path.format(episode=episode(station()).pk)
    assert client.get(url).headers["Location"].startswith("/sign-in/")
    assert signed_in("outsider").get(url).status_code == 403
    viewer = signed_in("viewer")
    assert viewer.get(url).status_code == 200
    assert viewer.post(url).status_code == 405


@pytest.mark.parametrize("path", ["SS-99/chart/", "SS-99/panel/", "episodes/4711/chart/"])
def test_what_is_not_there_is_not_found(signed_in: SignIn, path: str) -> None:
    assert signed_in("viewer").get(f"/models/{path}").status_code == 404


def test_the_list_tells_who_has_a_model_and_who_waits(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    assert "No models yet." in client.get("/models/").content.decode()
    model(station("A"))
    station("WAITS")
    page = client.get("/models/").content.decode()
    assert "1,234" in page
    assert page.index("Without a model") < page.index(">WAITS</a>")


@pytest.mark.parametrize("count", [1, 40])
def test_the_number_of_queries_does_not_grow(signed_in: SignIn, django_assert_num_queries: Any, count: int) -> None:
    for number in range(count):
        model(station(f"SS-{number:02d}"))
        station(f"W-{number:02d}")
    client = signed_in("viewer")
    with django_assert_num_queries(7) as captured:
        client.get("/models/")
    assert not any('"arrays"' in query["sql"] for query in captured.captured_queries), "weights stay in the database"


def test_the_panel_says_why_a_substation_cannot_be_judged(signed_in: SignIn) -> None:
    now = timezone.now()
    substation = Substation.objects.create(code="SS-77")
    times = {"first_failed_at": now, "failed_at": now, "retry_at": now}
    ScoringFailure.objects.create(substation=substation, reason="ValueError: a <b> tap", **times)
    page = signed_in("operator").get("/models/SS-77/panel/").content.decode()
    assert "Cannot be judged: ValueError: a &lt;b&gt; tap" in page
    assert "next attempt" in page


def test_the_page_of_a_model_says_why_a_training_failed_and_otherwise_nothing(signed_in: SignIn) -> None:
    now, substation, client = timezone.now(), Substation.objects.create(code="SS-77"), signed_in("engineer")
    assert "Could not be trained" not in client.get("/models/SS-77/").content.decode()
    times = {"first_failed_at": now, "failed_at": now, "retry_at": now}
    TrainingFailure.objects.create(substation=substation, reason="ValueError: a <b> tap", **times)
    assert "Could not be trained: ValueError: a &lt;b&gt; tap" in client.get("/models/SS-77/").content.decode()


def test_the_panel_shows_the_model(signed_in: SignIn) -> None:
    substation, client = station(), signed_in("viewer")
    assert "No model yet" in client.get("/models/SS-01/panel/").content.decode()
    model(substation)
    page = client.get("/models/SS-01/panel/").content.decode()
    assert "<html" not in page
    assert "1,234" in page


def test_an_empty_chart_says_what_is_missing(signed_in: SignIn) -> None:
    station()
    figure = signed_in("viewer").get("/models/SS-01/chart/").json()
    assert figure["data"] == []
    assert "No readings" in figure["empty"]


def test_measured_is_drawn_against_expected_with_the_episodes(grid: Simulation, signed_in: SignIn) -> None:
    trained_and_scored()
    figure = signed_in("viewer").get(f"/models/{FAULTY}/chart/?range=all").json()
    traces = {trace["name"]: trace for trace in figure["data"]}
    assert set(traces) == {"Lowest expected", "Expected range", "Power factor", "Expected kvar", "Reactive power",
                           "Loss", "Extra loss"}  # fmt: skip
    low, high = (traces[name]["y"] for name in ("Lowest expected", "Expected range"))
    assert all(a <= b for a, b in zip(low, high, strict=True) if a is not None and b is not None)
    assert sum(value is not None for value in high) > 300
    assert any(shape["name"] == "episode:critical" for shape in figure["layout"]["shapes"])
    fault = slice(16 * 24 + 12, 18 * 24)
    measured, expected = traces["Reactive power"]["y"][fault], traces["Expected kvar"]["y"][fault]
    assert sum(measured) > 1.3 * sum(expected)


@pytest.mark.parametrize(("asked", "points"), [("24h", 25), ("7d", 169), ("all", 480)])
def test_a_range_is_counted_back_from_the_newest_reading(
    grid: Simulation, signed_in: SignIn, asked: str, points: int
) -> None:
    figure = signed_in("viewer").get("/models/SS-01/chart/", {"range": asked}).json()
    assert sum(value is not None for value in figure["data"][2]["y"]) == points


def test_a_range_that_cannot_be_read_is_said(signed_in: SignIn) -> None:
    Substation.objects.create(code="SS-01")
    answer = signed_in("viewer").get("/models/SS-01/chart/", {"from": "soon"})
    assert answer.status_code == 400
    assert "“soon” is not a time" in answer.content.decode()


def test_the_chart_is_drawn_in_the_zone_that_the_user_chose(grid: Simulation, signed_in: SignIn) -> None:
    client = signed_in("viewer")
    first = client.get("/models/SS-01/chart/").json()["data"][0]["x"][0]
    client.post("/preferences/", {"time_zone": "Asia/Kathmandu"})
    assert client.get("/models/SS-01/chart/").json()["data"][0]["x"][0] != first


def test_the_chart_of_an_episode_shows_what_came_before_and_after(grid: Simulation, signed_in: SignIn) -> None:
    start, end = moment(grid.spec.start_s + 10 * DAY), moment(grid.spec.start_s + 14 * DAY)
    found = episode(Substation.objects.get(code=FAULTY), start=start, peak=start, end=end)
    times = signed_in("viewer").get(f"/models/episodes/{found.pk}/chart/").json()["data"][2]["x"]
    assert (times[0], times[-1]) == ("2025-09-09T00:00:00", "2025-09-16T00:00:00")


def test_readings_without_scores_are_drawn_alone(signed_in: SignIn) -> None:
    substation = station()
    Reading.objects.bulk_create(
        Reading(substation=substation, at=START + timedelta(hours=n), power_factor=-0.9) for n in range(3)
    )
    Score.objects.create(substation=substation, at=START, power_factor_low=0.8)
    figure = signed_in("viewer").get("/models/SS-01/chart/").json()
    traces = {trace["name"]: trace["y"] for trace in figure["data"]}
    assert traces["Power factor"] == [0.9, 0.9, 0.9]
    assert traces["Lowest expected"] == [0.8, None, None]
