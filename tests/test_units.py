"""The units of `deploy/systemd` as plain processes, with the example environment, on a real PostgreSQL and Redis."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from .conftest import ROOT, free_port, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
UNITS = ROOT / "deploy/systemd"
HEADERS = {"X-Forwarded-Proto": "https", "Host": "ems.example.org"}


def commands(unit: str) -> list[list[str]]:
    """What a unit starts, with this environment's programs in place of those of the server."""
    text = (UNITS / f"smart-ems-{unit}.service").read_text()
    lines: list[str] = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    programs = f"{Path(sys.executable).parent}/"
    found = [[part.replace("/srv/smart-ems/.venv/bin/", programs) for part in line.split()] for line in lines]
    assert found
    return found


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[str]:
    """A database of its own: others of this run hold a grid."""
    name = f"ems_units_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres_url.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def served(database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the web process; all of the others run beside it."""
    var = tmp_path_factory.mktemp("state")
    example = re.findall(r"^([A-Z_]+)=(.*)$", (UNITS / "environment.example").read_text(), re.MULTILINE)
    own = {"EMS_VAR_DIR": str(var), "DATABASE_URL": database, "REDIS_URL": redis_url.rsplit("/", 1)[0] + "/8"}
    own["EMS_BACKUP_DIR"] = str(var / "backups")
    env = os.environ | dict(example) | own | {"EMS_SECRET_KEY": secrets.token_urlsafe(50), "EMS_METRICS_TOKEN": "token"}
    place: dict[str, Any] = {"env": env, "cwd": ROOT}
    for command in commands("prepare"):
        subprocess.run(command, check=True, timeout=200, capture_output=True, **place)
    port = free_port()
    running = []
    for unit in ("web", "worker", "learning", "beat"):
        [command] = commands(unit)
        command = [str(port) if part == "8000" else part for part in command]
        command = [part.replace("/var/lib/smart-ems", str(var)) for part in command]
        log = (var / f"{unit}.log").open("w")
        running.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **place))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(40)


def asked(url: str, path: str, **headers: str) -> requests.Response | None:
    try:
        return requests.get(url + path, headers=HEADERS | headers, timeout=20, allow_redirects=False)
    except requests.ConnectionError:
        return None


def test_the_processes_of_the_units_are_a_whole_system(served: str) -> None:
    def ready() -> bool:
        answer = asked(served, "/readyz")
        return answer is not None and answer.status_code == 200

    wait_until(ready, 120, "a system that says that it is ready")
    page = asked(served, "/sign-in/")
    assert page is not None
    assert page.status_code == 200
    assert "strict-transport-security" in page.headers
    figures = asked(served, "/metrics", Authorization="Bearer token")
    assert figures is not None
    assert 'ems_part_ok{part="workers"} 1.0' in figures.text


def test_without_tls_in_front_it_sends_people_to_https(served: str) -> None:
    wait_until(lambda: asked(served, "/healthz"), 60, "an answer")
    answer = requests.get(served + "/sign-in/", headers={"Host": "ems.example.org"}, timeout=20, allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://ems.example.org/sign-in/"
