"""The whole system as processes on the database of this one, to be killed in parts by kill -9."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import requests
from django.conf import settings
from django.db import connection

Victim = Literal["worker", "web", "broker", "launcher"]
# chosen: many times what a start takes on a busy machine with two cores.
START_WITHIN_S = 180.0
LOOK_EVERY_S = 0.25
HOST = "127.0.0.1"
# What stands in the command of each process, or in the title that it gives itself; a worker is found by its queue.
MARKS = {"web": "uvicorn", "broker": "valkey", "default": "default@%h", "ml": "ml@%h"}


class NotInTime(Exception):
    """What was waited for did not come."""


def wait_until(
    condition: Callable[[], object], within_s: float, what: str, *, look_every_s: float = LOOK_EVERY_S
) -> float:
    """How many seconds it took until a condition held.

    Raises:
        NotInTime: it did not within ``within_s``.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within_s:
            raise NotInTime(f"Waited {within_s:.0f} s in vain for {what}.")
        time.sleep(look_every_s)
    return time.monotonic() - began


def environment(folder: Path) -> dict[str, str]:
    """Of a process on the database of this one, with a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    its = connection.settings_dict
    url = f"sqlite:///{its['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{its['USER']}:{its['PASSWORD']}@{its['HOST']}:{its['PORT']}/{its['NAME']}"
    return kept | {
        "DATABASE_URL": url,
        "EMS_VAR_DIR": str(folder),
        "EMS_SECRET_KEY": settings.SECRET_KEY,
        "EMS_NOTIFY_ALLOW_PRIVATE": "1",
        "EMS_API_RATE": "1000000/hour",  # one operator does in a minute what others do in a year
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a web process is there and reaches its database."""
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


class RunningSystem:
    """``up`` with an embedded broker. folder: its data folder; the database is the one of this process."""

    url: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process = self._launched()
        wait_until(self.answers, START_WITHIN_S, "the system to answer")

    def _launched(self) -> subprocess.Popen[bytes]:
        """Start it on a free port."""
        port = free_port()
        self.url = f"http://{HOST}:{port}"
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--empty", "--no-live"]
        with (self.folder / "up.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--port", str(port)], env=environment(self.folder), stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def pid(self) -> int:
        """Of the launcher."""
        return self._process.pid

    def answers(self) -> bool:
        return answers(self.url)

    def kill(self, victim: Victim, *, queue: str) -> None:
        """SIGKILL to a part and all its children. A launcher is started again, as the machine's own service would."""
        if victim == "launcher":
            self._process.kill()
            self._process.wait()
            wait_until(lambda: not self.answers(), START_WITHIN_S, "what the launcher had started to end")
            self._process = self._launched()
            wait_until(self.answers, START_WITHIN_S, "the system to answer")
            return
        os.killpg(self._child(MARKS[queue if victim == "worker" else victim]), signal.SIGKILL)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(START_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _child(self, mark: str) -> int:
        """The process id of a child of the launcher, which is its group's, too; waits for one that is restarted.

        Raises:
            NotInTime: there is none.
        """
        what = f"a process {mark} to kill; see {self.folder}/log"
        wait_until(lambda: any(self._children(mark)), START_WITHIN_S, what)
        return next(self._children(mark))

    def _children(self, mark: str) -> Iterator[int]:
        for entry in Path("/proc").iterdir():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if parent == self._process.pid and any(mark in part for part in command):
                yield int(entry.name)
