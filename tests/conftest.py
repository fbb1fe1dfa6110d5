"""The whole application as processes, for tests that use it as a person would."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import requests

from .migrated_database import copy_migrated_file

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN_S = 120.0


def required(what: str) -> bool:
    """Whether what is missing fails a test: it is one of ``EMS_TEST_REQUIRE``, separated by commas."""
    return what in os.environ.get("EMS_TEST_REQUIRE", "").split(",")


def need(what: str, is_there: bool, hint: str) -> None:
    """Skip, saying why, or fail where the test is required."""
    if is_there:
        return
    if required(what):
        pytest.fail(f"{what} is required by EMS_TEST_REQUIRE but missing: {hint}")
    pytest.skip(f"no {what}: {hint}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class System:
    """A running ``up``: its address, the administrator's password, its data folder and its database."""

    process: subprocess.Popen[str]
    url: str
    password: str
    var: Path
    database_url: str
    log: Path

    def api(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Call the API as the administrator."""
        return requests.request(
            method, f"{self.url}/api/{path}", auth=None, headers=self._token(), timeout=60, **kwargs
        )

    def _token(self) -> dict[str, str]:
        if not hasattr(self, "_header"):
            form = {"username": "admin", "password": self.password}
            answer = requests.post(f"{self.url}/api/token/", data=form, timeout=30)
            self._header = {"Authorization": f"Bearer {answer.json()['token']}"}
        return self._header

    def worker(self, queue: str) -> int:
        """The process id of the Celery worker of a queue."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if "-Q" in command and command[command.index("-Q") + 1] == queue and parent == self.process.pid:
                return int(entry.name)
        raise AssertionError(f"There is no worker of the queue {queue}.")

    def count(self, table: str) -> int:
        """Rows of a table, asked of the database itself."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                row = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608  (names of our tables)
        else:
            import sqlite3

            with sqlite3.connect(self.var / "db.sqlite3", timeout=30) as connection:
                row = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608  (names of our tables)
        assert row is not None
        return int(row[0])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)


def wait_until(condition: Callable[[], object], within_s: float, what: str) -> object:
    """The first true value of a condition that is asked four times a second.

    Raises:
        AssertionError: it did not come true in time.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.25)
    raise AssertionError(f"Waited {within_s:.0f} s in vain for {what}.")


def start(var: Path, *arguments: str, database_url: str = "", redis_url: str = "", **settings: str) -> System:
    """Start ``manage.py up`` on a data folder of its own, with further ``settings``, and wait until it greets.

    On SQLite its database is migrated already: a start on an empty folder is what PostgreSQL and the package show.
    """
    var.mkdir(parents=True, exist_ok=True)
    if not database_url and not (var / "db.sqlite3").exists():
        copy_migrated_file(var / "db.sqlite3")
    port = free_port()
    log = var / f"up-{port}.log"
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    env |= {"EMS_VAR_DIR": str(var), "PYTHONUNBUFFERED": "1"} | settings
    env |= {"DATABASE_URL": database_url} if database_url else {}
    env |= {"REDIS_URL": redis_url} if redis_url else {}
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port), *arguments]
    with log.open("w") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + START_WITHIN_S
    while "Ctrl-C stops" not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise AssertionError(f"The system did not start:\n{log.read_text()}")
        time.sleep(0.2)
    found = re.search(r"password (\S+)", log.read_text())
    return System(process, f"http://127.0.0.1:{port}", found[1] if found else "", var, database_url, log)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL database of this run, beside the one that ``EMS_TEST_DATABASE_URL`` names."""
    base = os.environ.get("EMS_TEST_DATABASE_URL", "")
    need("postgres", bool(base), "set EMS_TEST_DATABASE_URL to a server on which databases may be created")
    name = f"ems_stack_{os.getpid()}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis server named by ``EMS_TEST_REDIS_URL``; its database 9 is used."""
    base = os.environ.get("EMS_TEST_REDIS_URL", "")
    need("redis", bool(base), "set EMS_TEST_REDIS_URL")
    return base.rstrip("/") + "/9"
