"""What the API answers where nothing fits: a sentence as JSON, and never a 500 for what somebody sends."""

from __future__ import annotations

import errno
import gzip
import json
import sqlite3
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings as configured
from django.db import InternalError, OperationalError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.models import Alert
from alerts.tests.alert_scenes import raised
from smart_ems.dashboard.tests.scene import SignIn, station
from substations.models import Reading

pytestmark = pytest.mark.django_db
ROW = {"substation": "A", "at": "2026-03-02T00:00:00Z", "active_power_kw": 1.0}
JSON = "application/json"
LISTS = ("substations", "links", "planned-work", "readings", "uploads", "detections", "detectors", "alerts")
HOUR_FORMS = ["2026-03-02T00:00:00Z", "2026-03-02 05:30+05:30", "20260302T000000Z", "2026-03-02T00:00"]
NO_TIMES = [
    1772409600,
    46083.0,
    "1772409600",
    "46083,5",
    "02/03/2026 00:00",
    "2026-03-02",
    "2 March 2026 00:00",
    "",
    None,
]


@pytest.fixture
def client(signed_in: SignIn) -> Client:
    client = signed_in("engineer")
    client.raise_request_exception = False
    return client


def post(client: Client, body: bytes, kind: str = JSON, **headers: str) -> Any:
    return client.post("/api/readings/", body, content_type=kind, headers=headers)


def sqlite_error(code: int) -> Exception:
    """As Django passes on an error of SQLite with this result code."""
    cause = sqlite3.OperationalError("what SQLite says")
    cause.sqlite_errorcode = code
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


def postgres_error(state: str) -> Exception:
    cause = psycopg.errors.lookup(state)("what PostgreSQL says")
    error = (OperationalError if isinstance(cause, psycopg.OperationalError) else InternalError)(str(cause))
    error.__cause__ = cause
    return error


# Addresses


def test_a_post_without_the_last_slash_is_a_post(client: Client) -> None:
    station("A")
    answer = client.post("/api/readings", json.dumps(ROW), content_type=JSON)
    assert (answer.status_code, answer.json()[0]["outcome"]) == (200, "accepted")
    assert client.get("/api/substations/A").json()["code"] == "A"


def test_nothing_is_said_as_json_to_programs_and_as_a_page_to_people(client: Client) -> None:
    answer = client.get("/api/nothing/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, JSON)
    assert "/api/nothing/" in answer.json()["detail"]
    assert "<html" in client.get("/api/nothing/", headers={"Accept": "text/html"}).content.decode()
    assert "<html" in client.get("/nothing/").content.decode()


def test_a_failure_is_json_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **values: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("ingestion.services.load_rows", fail)
    answer = post(client, json.dumps(ROW).encode())
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, JSON)
    assert "a fault of ours" not in answer.json()["detail"]


@pytest.mark.parametrize("accept", [JSON, "text/html"])
def test_while_the_database_is_away_it_says_when_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    def away(*args: object, **values: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("ingestion.services.load_rows", away)
    answer = post(client, json.dumps(ROW).encode(), accept=accept)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "cannot be reached" in answer.content.decode()
    assert answer.headers["Content-Type"].startswith(accept)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (sqlite_error(13), "The disk of the server is full: nothing can be stored until space is freed."),
        (postgres_error("53100"), "The disk of the server is full"),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of the server is full"),
        (sqlite_error(8), "can be read only"),
        (postgres_error("25006"), "can be read only"),
        (sqlite_error(5), "busy"),
        (postgres_error("57P01"), "cannot be reached"),
    ],
)
def test_what_is_said_of_storage_is_what_is_the_matter(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    monkeypatch.setattr("ingestion.services.load_rows", Mock(side_effect=error))
    answer = post(client, json.dumps(ROW).encode())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert said in answer.json()["detail"]


def test_a_statement_that_does_not_fit_the_tables_is_a_fault_of_ours(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.services.load_rows", Mock(side_effect=sqlite_error(1)))
    assert post(client, json.dumps(ROW).encode()).status_code == 500


# Parameters


@pytest.mark.parametrize("name", LISTS)
def test_an_unknown_parameter_is_named(client: Client, name: str) -> None:
    answer = client.get(f"/api/{name}/?colour=red")
    assert (answer.status_code, list(answer.json())) == (400, ["colour"])
    assert client.get(f"/api/{name}/?format=json").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "readings/?substation=A&since=2026-01-01T00:00Z&until=2026-02-01T00:00Z&limit=5&offset=0",
        "alerts/?history=true&severity=critical&page=1", "detections/?ongoing=true&kind=loss", "uploads/?state=loaded",
    ],
)  # fmt: skip
def test_known_parameters_are_taken(client: Client, query: str) -> None:
    assert client.get(f"/api/{query}").status_code == 200


def test_nobody_who_is_not_signed_in_is_told_of_parameters() -> None:
    assert Client().get("/api/alerts/?colour=red").status_code == 401


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_calendar_holds_is_said(client: Client, at: str) -> None:
    for path in ("detections", "readings"):
        answer = client.get(f"/api/{path}/?since={at}")
        assert answer.status_code == 400, path
        assert "expected" in answer.content.decode()


def test_an_address_with_the_ending_of_a_format_is_none(client: Client) -> None:
    for name in ("daily-losses", "hourly-losses", "uploads", "alerts"):
        assert client.get(f"/api/{name}.json").status_code == 404


# Bodies


def test_gzip_and_lines_are_read(client: Client) -> None:
    station("A")
    lines = "\n".join(json.dumps(ROW | {"at": f"2026-03-02T0{hour}:00:00Z"}) for hour in range(3)).encode() + b"\n\n"
    answer = post(client, gzip.compress(lines), "application/x-ndjson", content_encoding="gzip")
    assert [row["outcome"] for row in answer.json()] == ["accepted"] * 3
    assert post(client, gzip.compress(json.dumps([ROW]).encode()), content_encoding="gzip").status_code == 200


def test_what_a_small_body_unpacks_to_is_bounded(client: Client) -> None:
    bomb = gzip.compress(b" " * (2 * configured.DATA_UPLOAD_MAX_MEMORY_SIZE))
    assert len(bomb) < 100_000
    assert post(client, bomb, content_encoding="gzip").status_code == 413
    assert post(client, b" " * (configured.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)).status_code == 413


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"not gzip", {"content_encoding": "gzip"}, 400, "no gzip"),
        (gzip.compress(b"[{}]" * 99, mtime=0)[:-9], {"content_encoding": "gzip"}, 400, "too early"),
        (b"{}", {"content_encoding": "br"}, 415, "expected gzip"),
        (b"{", {}, 400, "no JSON"),
        (b'{"active_power_kw": NaN}', {}, 400, "NaN"),
        (b"\xff\xfe", {}, 400, "no JSON"),
        (b"[" * 100_000, {}, 400, "no JSON"),
        (b'{"substation": "\\ud800"}', {}, 400, "surrogate"),
        (b'{"substation": "a\\u0000b"}', {}, 400, "NUL"),
    ],
)
def test_a_body_that_cannot_be_read_says_why(
    client: Client, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    answer = post(client, body, **headers)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.content


@pytest.mark.parametrize("at", HOUR_FORMS)
def test_times_are_iso_8601(client: Client, at: str) -> None:
    station("A")
    assert post(client, json.dumps(ROW | {"at": at}).encode()).json()[0]["outcome"] == "accepted"
    assert Reading.objects.filter(at="2026-03-02T00:00:00Z").exists()


@pytest.mark.parametrize("at", NO_TIMES)
def test_nothing_else_is_a_time(client: Client, at: object) -> None:
    station("A")
    (answer,) = post(client, json.dumps(ROW | {"at": at}).encode()).json()
    assert (answer["outcome"], answer["field"]) == ("rejected", "at")
    assert answer["expected"].startswith("ISO 8601")


# Anything at all

PARAMETERS = st.sampled_from(["offset", "limit", "page", "substation", "since", "state"])
HUGE = st.sampled_from([2**31, 2**63 - 1, 2**63, 2**64, 10**40, -1, -(2**63) - 1])
TEXT = st.text(st.characters(codec=None), max_size=12) | st.sampled_from(["\x00", "\ud800", "%00", "a\x00b", "١٢"])
VALUE = st.recursive(
    st.none() | st.booleans() | HUGE | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(["substation", "at", "active_power_kw", "power_factor", "colour"])
ROWS = st.dictionaries(FIELDS, VALUE, max_size=4)
fuzzed = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzzed
@given(st.sampled_from(LISTS), PARAMETERS, HUGE | TEXT)
def test_no_parameter_is_a_failure(client: Client, name: str, parameter: str, value: int | str) -> None:
    text = str(value).encode("utf-8", "surrogatepass").decode("latin-1")
    assert client.get(f"/api/{name}/", {parameter: text}).status_code < 500


@fuzzed
@given(st.sampled_from(LISTS), HUGE | TEXT, st.sampled_from(["", "/", "/acknowledge/", "/problems/"]))
def test_no_address_is_a_failure(client: Client, name: str, value: int | str, end: str) -> None:
    key = quote(str(value).encode("utf-8", "surrogatepass"), safe="")
    assert client.get(f"/api/{name}/{key}{end}").status_code < 500
    assert client.post(f"/api/{name}/{key}{end}", "{}", content_type=JSON).status_code < 500


@fuzzed
@given(ROWS | st.lists(ROWS | VALUE, max_size=3))
def test_no_reading_is_a_failure(client: Client, body: object) -> None:
    if not Reading.objects.exists():
        station("A")
    assert post(client, json.dumps(body).encode()).status_code < 500


@fuzzed
@given(st.sampled_from(["acknowledge", "resolve", "shelve", "comment", "unshelve"]), st.dictionaries(
    st.sampled_from(["note", "version", "minutes", "classification", "outcome", "root_cause"]), VALUE, max_size=4
))  # fmt: skip
def test_no_change_of_an_alert_is_a_failure(client: Client, verb: str, body: dict[str, object]) -> None:
    alert = Alert.objects.first() or raised("B")
    answer = client.post(f"/api/alerts/{alert.pk}/{verb}/", json.dumps(body), content_type=JSON)
    assert answer.status_code < 500, answer.content


@fuzzed
@given(st.sampled_from(["substations", "links", "planned-work"]), st.dictionaries(
    st.sampled_from(["code", "name", "rated_kva", "capacitor_steps", "latitude", "time_zone", "grace_s", "source",
                     "target", "status", "start", "end", "reason", "substation"]), VALUE, max_size=5
))  # fmt: skip
def test_no_part_of_the_grid_is_a_failure(client: Client, name: str, body: dict[str, object]) -> None:
    answer = client.post(f"/api/{name}/", json.dumps(body), content_type=JSON)
    assert answer.status_code < 500, answer.content
