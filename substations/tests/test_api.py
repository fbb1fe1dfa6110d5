"""Substations, links and readings through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.throttling import SimpleRateThrottle

from alerts.tests.alert_scenes import raised
from substations.models import Link, Reading, Substation

from .readings_pages import AT, STEP, SignIn, read

pytestmark = pytest.mark.django_db
STATIONS, LINKS, READINGS = "/api/substations/", "/api/links/", "/api/readings/"


@pytest.fixture
def station() -> Substation:
    return Substation.objects.create(code="SS-01")


def send(client: Client, method: str, url: str, body: object) -> Any:
    return getattr(client, method)(url, body, content_type="application/json")


@pytest.mark.parametrize("url", [STATIONS, LINKS, READINGS])
def test_reading_needs_a_role_and_writing_another(client: Client, signed_in: SignIn, url: str) -> None:
    assert client.get(url).status_code in (401, 403)
    assert signed_in("outsider").get(url).status_code == 403
    viewer = signed_in("viewer")
    assert viewer.get(url).status_code == 200
    assert send(viewer, "post", url, {}).status_code == 403


def test_an_engineer_makes_changes_and_removes_a_substation(signed_in: SignIn) -> None:
    client = signed_in("engineer")
    made = send(client, "post", STATIONS, {"code": "SS-01", "rated_kva": 630})
    assert (made.status_code, made.json()["target_power_factor"], made.json()["impedance_pct"]) == (201, 0.95, None)
    assert send(client, "patch", f"{STATIONS}SS-01/", {"name": "North"}).json()["rated_kva"] == 630
    assert client.delete(f"{STATIONS}SS-01/").status_code == 204


def test_an_operator_does_not(signed_in: SignIn, station: Substation) -> None:
    client = signed_in("operator")
    for method in ("put", "patch", "delete"):
        assert send(client, method, f"{STATIONS}SS-01/", {}).status_code == 403
    assert send(client, "post", STATIONS, {"code": "B"}).status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "a b"),
        ("code", "SS-01"),
        ("rated_kva", -1),
        ("rated_kva", "nan"),
        ("rated_kva", "Infinity"),
        ("time_zone", "Mars/Olympus"),
        ("reading_interval_s", 1),
        ("target_power_factor", 95),
    ],
)
def test_a_bad_value_is_named(signed_in: SignIn, station: Substation, field: str, value: object) -> None:
    answer = send(signed_in("engineer"), "post", STATIONS, {"code": "NEW", field: value})
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_a_substation_with_alerts_is_kept_and_the_answer_says_why(signed_in: SignIn) -> None:
    raised("SS-01")
    answer = signed_in("engineer").delete(f"{STATIONS}SS-01/")
    assert answer.status_code == 409
    assert "alert" in answer.json()["detail"]
    assert Substation.objects.exists()


def test_codes_with_odd_letters_are_found(signed_in: SignIn) -> None:
    Substation.objects.create(code="Süd-1.b")
    assert signed_in("viewer").get(f"{STATIONS}S%C3%BCd-1.b/").json()["code"] == "Süd-1.b"


def test_a_link_names_its_ends_by_code(signed_in: SignIn, station: Substation) -> None:
    Substation.objects.create(code="B")
    client = signed_in("engineer")
    made = send(client, "post", LINKS, {"source": "SS-01", "target": "B", "r_ohm": 0.2})
    assert (made.status_code, made.json()["source"], made.json()["status"]) == (201, "SS-01", "closed")
    supply = send(client, "post", LINKS, {"target": "SS-01"})
    assert (supply.status_code, supply.json()["source"]) == (201, None)
    opened = send(client, "patch", f"{LINKS}{made.json()['id']}/", {"status": "open"})
    assert (opened.status_code, opened.json()["source"], opened.json()["status"]) == (200, "SS-01", "open")


@pytest.mark.parametrize(
    "body",
    [
        {"source": "SS-01", "target": "B"},
        {"target": "B"},
        {"source": None, "target": "B"},
        {"source": "B", "target": "B"},
        {"source": "NONE", "target": "SS-01"},
        {"source": "B"},
        {"source": "B", "target": "SS-01", "r_ohm": -1},
        {"source": "B", "target": "SS-01", "r_ohm": "inf"},
        {"source": "B", "target": "SS-01", "status": "ajar"},
    ],
)
def test_a_link_that_cannot_be_is_a_bad_request(signed_in: SignIn, station: Substation, body: dict[str, Any]) -> None:
    other = Substation.objects.create(code="B")
    Link.objects.create(source=station, target=other)
    Link.objects.create(source=None, target=other)
    answer = send(signed_in("engineer"), "post", LINKS, body)
    assert (answer.status_code, Link.objects.count()) == (400, 2)


def test_a_link_cannot_be_bent_into_another_either(signed_in: SignIn, station: Substation) -> None:
    other = Substation.objects.create(code="B")
    Link.objects.create(source=None, target=other)
    link = Link.objects.create(source=station, target=other)
    client = signed_in("engineer")
    for change in ({"source": None}, {"source": "B"}):
        assert send(client, "patch", f"{LINKS}{link.pk}/", change).status_code == 400


@pytest.mark.parametrize(("url", "queries"), [(STATIONS, 6), (LINKS, 6)])
@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_queries_does_not_grow(
    signed_in: SignIn, station: Substation, django_assert_num_queries: Any, url: str, queries: int, count: int
) -> None:
    for number in range(count):
        Link.objects.create(source=station, target=Substation.objects.create(code=f"B{number}"))
    client = signed_in("viewer")
    with django_assert_num_queries(queries):
        client.get(url)


# Readings: the query. Posting them is tested in ``ingestion``.


def ask(client: Client, **query: str | int) -> Any:
    return client.get(READINGS, query)


def times(answer: Any) -> list[str]:
    return [row["at"] for row in answer.json()["results"]]


def test_readings_come_oldest_first_with_what_was_derived(signed_in: SignIn, station: Substation) -> None:
    read(station, 2, power_factor=0.9, derived=1 << 3)
    rows = ask(signed_in("viewer")).json()["results"]
    assert [row["at"] for row in rows] == ["2026-03-02T00:00:00Z", "2026-03-02T00:15:00Z"]
    assert (rows[0]["substation"], rows[0]["power_factor"], rows[0]["derived"]) == ("SS-01", 0.9, ["power_factor"])
    assert rows[0]["active_power_kw"] is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 8),
        ({"substation": "SS-01"}, 4),
        ({"substation": "NONE"}, 0),
        ({"since": "2026-03-02T00:30:00Z"}, 4),
        ({"since": "2026-03-02T06:00:00+05:30", "substation": "SS-01"}, 2),
        ({"until": "2026-03-02T00:15:00Z", "substation": "SS-01"}, 2),
        ({"since": "2026-03-02T00:15:00Z", "until": "2026-03-02T00:30:00Z", "substation": "SS-01"}, 2),
        ({"since": "2027-01-01T00:00:00Z"}, 0),
    ],
)
def test_a_range_includes_both_ends(signed_in: SignIn, station: Substation, query: dict[str, str], count: int) -> None:
    read(station, 4)
    read(Substation.objects.create(code="B"), 4)
    assert len(times(ask(signed_in("viewer"), **query))) == count


def test_a_plus_sign_that_was_not_quoted_is_understood(signed_in: SignIn, station: Substation) -> None:
    read(station, 4)
    assert len(times(signed_in("viewer").get(f"{READINGS}?since=2026-03-02T06:00:00+05:30"))) == 2


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "2026-03-02", "2026-03-02T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)
@pytest.mark.parametrize("field", ["since", "until"])
def test_a_time_that_cannot_be_meant_is_named(signed_in: SignIn, field: str, value: str) -> None:
    answer = ask(signed_in("viewer"), **{field: value})
    assert answer.status_code == 400
    assert "expected ISO 8601 with an offset" in answer.json()[field][0]


def test_pages_are_followed_to_the_end_without_counting(
    signed_in: SignIn, station: Substation, django_assert_num_queries: Any
) -> None:
    read(station, 25)
    client = signed_in("viewer")
    found: list[str] = []
    answer = ask(client, limit=10)
    assert answer.json()["previous"] is None
    while True:
        found += times(answer)
        if answer.json()["next"] is None:
            break
        with django_assert_num_queries(5):
            answer = client.get(answer.json()["next"])
    assert len(found) == len(set(found)) == 25
    assert found == sorted(found)
    assert answer.json()["previous"]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "-3"}, {"limit": "many"}, {"offset": "-1"}, {"offset": "x"}]
)
def test_a_page_that_makes_no_sense_is_the_first(signed_in: SignIn, station: Substation, query: dict[str, str]) -> None:
    read(station, 3)
    assert len(times(ask(signed_in("viewer"), **query))) == 3


def test_a_reading_has_no_address_of_its_own(signed_in: SignIn, admin_client: Client, station: Substation) -> None:
    read(station, 1)
    for method in ("put", "patch", "delete"):
        assert getattr(admin_client, method)(READINGS).status_code == 405
    assert Reading.objects.count() == 1


def test_too_many_requests_are_told_to_wait(
    signed_in: SignIn, station: Substation, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "throttle"}}
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"user": "2/hour", "anon": "2/hour"})
    client = signed_in("operator")
    row = {"substation": "SS-01", "at": (AT + timedelta(days=1) + STEP).isoformat(), "active_power_kw": 1.0}
    answers = [send(client, "post", READINGS, row) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
