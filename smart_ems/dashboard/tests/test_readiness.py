"""The address that monitoring asks; what each part says when it is really missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from notifications.models import Pulse
from smart_ems.dashboard import readiness
from substations.models import PendingRange, Substation
from tests.conftest import free_port, wait_until

ALL = {"database", "migrations", "broker", "workers", "disk", "scoring"}


def failed(client: Client) -> set[str]:
    checks = client.get("/readyz").json()["checks"]
    assert checks.keys() == ALL
    return {name for name, check in checks.items() if check["status"] == "failed"}


@pytest.fixture
def complete(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs but the broker, which no test has: it is said to be there."""
    monkeypatch.setattr(readiness, "queue_lengths", lambda: {"default": 0, "ml": 2})
    Pulse.objects.create(name="sweep", at=timezone.now())


@pytest.mark.usefixtures("complete")
class TestItSaysWhatIsMissing:
    def test_nothing(self, client: Client) -> None:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        assert answer.json()["checks"]["broker"]["detail"] == "0 waiting in default, 2 waiting in ml"
        assert "no-store" in answer.headers["Cache-Control"]

    def test_workers(self, client: Client) -> None:
        Pulse.objects.update(at=timezone.now() - timedelta(minutes=3))
        assert failed(client) == {"workers"}
        Pulse.objects.all().delete()
        assert failed(client) == {"workers"}
        assert client.get("/readyz").status_code == 503

    def test_a_clock_that_went_back(self, client: Client) -> None:
        Pulse.objects.update(at=timezone.now() + timedelta(hours=1))
        assert failed(client) == {"workers"}
        assert "ahead: the clock went back" in client.get("/readyz").json()["checks"]["workers"]["detail"]

    def test_scoring_that_lags(self, client: Client) -> None:
        now = timezone.now()
        PendingRange.objects.create(substation=Substation.objects.create(code="A"), start=now, end=now)
        assert failed(client) == set()
        PendingRange.objects.update(created_at=now - timedelta(minutes=6))
        assert failed(client) == {"scoring"}

    def test_a_migration(self, client: Client) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'notifications'")
        assert failed(client) == {"migrations"}

    def test_space(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(readiness, "MIN_FREE_BYTES", 10**18)
        assert failed(client) == {"disk"}

    def test_it_takes_a_get_alone(self, client: Client) -> None:
        assert client.post("/readyz").status_code == 405


@pytest.fixture(scope="module")
def without_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server whose database and broker are closed ports."""
    var: Path = tmp_path_factory.mktemp("var")
    away = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", "REDIS_URL": "redis://127.0.0.1:1/0"}
    env = os.environ | away | {"EMS_VAR_DIR": str(var)}
    places: dict[str, Any] = {"env": env, "cwd": settings.BASE_DIR, "stdout": subprocess.DEVNULL}
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput"], check=True, **places)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "smart_ems.asgi:application", "--port", str(port), "--lifespan", "off"]
    process = subprocess.Popen(command, stderr=(var / "log").open("w"), **places)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(url), 60, "the server")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/push-worker.js", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_readiness_without_a_database_says_what_is_missing(without_database: str) -> None:
    started = time.monotonic()
    answer = requests.get(f"{without_database}/readyz", timeout=30)
    checks = {name: check["status"] for name, check in answer.json()["checks"].items()}
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert {name for name, status in checks.items() if status == "failed"} == ALL - {"disk"}
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("path", ["/api/alerts/", "/api/substations/"])
def test_programs_are_asked_to_come_back(without_database: str, path: str) -> None:
    answer = requests.get(f"{without_database}{path}", headers={"Authorization": "Token x"}, timeout=30)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "cannot be reached" in answer.json()["detail"]


def test_a_large_body_too(without_database: str) -> None:
    head = {"Authorization": "Token x"}
    answer = requests.post(f"{without_database}/api/readings/", b" " * 2_000_000, headers=head, timeout=30)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("path", ["/", "/alerts/", "/healthz"])
def test_people_see_a_page_that_says_so(without_database: str, path: str) -> None:
    answer = requests.get(f"{without_database}{path}", cookies={"sessionid": "x" * 32}, timeout=30)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "The database cannot be reached." in answer.text
    assert "Traceback" not in answer.text
