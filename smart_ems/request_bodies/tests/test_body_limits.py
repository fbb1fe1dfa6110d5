"""Nobody fills the disk, the memory or the patience of the server; a real one is attacked on the loopback."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from smart_ems.accounts.tests.token_scenes import token_of
from smart_ems.request_bodies.body_limits import SMALL_BYTES
from substations.models import Reading, Substation

from .conftest import Attacked, read_all

FAR_TOO_MUCH = 600_000_000
LARGE = 3_000_000
CHUNKED = "Transfer-Encoding: chunked"
PATHS = ["/healthz", "/sign-in/", "/api/token/", "/api/readings/", "/api/uploads/", "/uploads/new/", "/nothing"]


def chunks(size: int) -> bytes:
    whole = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    return whole * (size // 65536 + 1) + b"0\r\n\r\n"


def status_of(answer: str) -> int:
    return int(answer.split(" ", 2)[1])


@pytest.fixture
def spooled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders of the bodies that were kept; nothing is replaced."""
    kept: list[str] = []
    real = tempfile.SpooledTemporaryFile

    def watched(*args: Any, **values: Any) -> Any:
        kept.append(str(values.get("dir")))
        return real(*args, **values)

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", watched)
    return kept


@pytest.fixture
def cookie(person: Callable[[str], User]) -> Callable[[str], str]:
    """The header of a session that is signed in as a user of a role."""

    def of(role: str) -> str:
        client = Client()
        client.force_login(person(role))
        return f"Cookie: sessionid={client.cookies['sessionid'].value}"

    return of


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_says_it_is_huge_is_refused_by_its_head(attacked: Attacked, spooled: list[str], path: str) -> None:
    answer = attacked.ask(f"POST {path} HTTP/1.1\r\nContent-Length: {FAR_TOO_MUCH}")
    assert status_of(answer) in (401, 413)
    assert "connection: close" in answer.lower()
    assert spooled == []


def test_what_is_refused_says_how_much_is_taken(attacked: Attacked) -> None:
    answer = attacked.ask(f"POST /api/token/ HTTP/1.1\r\nContent-Length: {FAR_TOO_MUCH}")
    assert f"Received {FAR_TOO_MUCH} bytes or more; expected at most {SMALL_BYTES} here." in answer
    assert "application/json" in answer


def test_a_body_of_unknown_size_is_cut_off_at_the_limit(attacked: Attacked) -> None:
    answer = attacked.ask(f"POST /healthz HTTP/1.1\r\n{CHUNKED}", chunks(LARGE))
    assert status_of(answer) == 413
    assert list(attacked.spool.iterdir()) == []


@pytest.mark.parametrize("path", ["/api/readings/", "/api/uploads/", "/uploads/new/", "/losses/feeders/"])
@pytest.mark.parametrize("head", ["Cookie: sessionid=stolen", "Authorization: Token nothing", "X-Nobody: at-all"])
@pytest.mark.parametrize("size", [CHUNKED, f"Content-Length: {LARGE}"])
def test_nothing_large_of_somebody_unknown_is_kept(
    attacked: Attacked, spooled: list[str], path: str, head: str, size: str
) -> None:
    answer = attacked.ask(f"POST {path} HTTP/1.1\r\n{head}\r\n{size}")
    assert (status_of(answer), spooled) == (401, [])


@pytest.mark.parametrize("path", ["/api/readings/", "/api/uploads/", "/uploads/new/"])
def test_nothing_large_is_taken_from_who_may_only_look(
    attacked: Attacked, spooled: list[str], cookie: Callable[[str], str], path: str
) -> None:
    answer = attacked.ask(f"POST {path} HTTP/1.1\r\n{cookie('viewer')}\r\nContent-Length: {LARGE}")
    assert (status_of(answer), spooled) == (403, [])


def test_a_batch_is_taken_at_the_token_of_who_may_and_kept_in_the_data_folder(
    attacked: Attacked, spooled: list[str], person: Callable[[str], User]
) -> None:
    token = token_of(person("operator"))
    Substation.objects.create(code="A")
    body = b'{"substation": "A", "at": "2026-03-02T00:00:00Z", "active_power_kw": 1.0}' + b" " * LARGE
    head = f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    answer = attacked.ask(f"POST /api/readings/ HTTP/1.1\r\n{head}", body)
    assert status_of(answer) == 200, answer
    assert Reading.objects.count() == 1
    assert spooled == [str(attacked.spool)]


def test_the_token_of_somebody_who_left_is_no_good(attacked: Attacked, person: Callable[[str], User]) -> None:
    token = token_of(person("operator"))
    User.objects.update(is_active=False)
    head = f"POST /api/uploads/ HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{CHUNKED}"
    assert status_of(attacked.ask(head)) == 401


def test_a_session_opens_large_bodies_to_who_may_upload(attacked: Attacked, cookie: Callable[[str], str]) -> None:
    head = f"POST /uploads/new/ HTTP/1.1\r\n{cookie('operator')}\r\nContent-Length: {LARGE}"
    assert "CSRF" in attacked.ask(head, b"x" * LARGE)  # it was read, and judged by what comes after


@pytest.mark.parametrize("path", ["/api/uploads/", "/uploads/new/"])
def test_an_upload_beyond_the_day_of_its_sender_is_refused_by_its_head(
    attacked: Attacked, spooled: list[str], cookie: Callable[[str], str], settings: Any, path: str
) -> None:
    settings.UPLOAD_MAX_BYTES_PER_DAY = LARGE - 1
    answer = attacked.ask(f"POST {path} HTTP/1.1\r\n{cookie('operator')}\r\nContent-Length: {LARGE}")
    assert (status_of(answer), spooled) == (429, [])
    assert f"You have used 0 of the {LARGE - 1:,} bytes" in answer
    assert "retry-after" in answer.lower()


def test_an_upload_for_which_there_is_no_disk_is_refused_by_its_head(
    attacked: Attacked, spooled: list[str], cookie: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=1))
    operator = cookie("operator")
    for size in (f"Content-Length: {LARGE}", CHUNKED):
        answer = attacked.ask(f"POST /uploads/new/ HTTP/1.1\r\n{operator}\r\n{size}")
        assert (status_of(answer), spooled) == (507, [])


def test_small_bodies_and_none_are_passed_on(attacked: Attacked) -> None:
    assert status_of(attacked.ask("GET /healthz HTTP/1.1")) == 200
    assert status_of(attacked.ask("POST /healthz HTTP/1.1\r\nContent-Length: 3", b"a=b")) == 403
    assert status_of(attacked.ask("POST /api/readings/ HTTP/1.1\r\nContent-Length: 2", b"{}")) == 401


def test_a_body_that_trickles_is_ended(attacked: Attacked) -> None:
    started = time.monotonic()
    with attacked.connect() as line:
        line.sendall(b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n")
        answers: list[str] = []
        reader = threading.Thread(target=lambda: answers.append(read_all(line)))
        reader.start()
        while reader.is_alive() and time.monotonic() < started + 8:
            try:
                line.sendall(b"x")
            except OSError:
                break
            time.sleep(0.1)
        reader.join(5)
    assert status_of(answers[0]) == 408
    assert time.monotonic() - started < 6


def test_so_many_bodies_at_a_time_and_the_place_is_free_again(attacked: Attacked) -> None:
    half = b"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nx"
    lines = [attacked.connect() for _each in range(3)]
    for line in lines:
        line.sendall(half)
    time.sleep(0.3)
    answer = attacked.ask("POST /healthz HTTP/1.1\r\nContent-Length: 3", b"a=b")
    assert status_of(answer) == 503
    assert "retry-after: 10" in answer.lower()
    assert status_of(attacked.ask("GET /healthz HTTP/1.1")) == 200  # without a body nobody has to wait
    for line in lines:
        line.close()
    time.sleep(0.3)
    assert status_of(attacked.ask("POST /healthz HTTP/1.1\r\nContent-Length: 3", b"a=b")) == 403
