"""Many dashboards open at once: what their fragments cost a running web process, asked for again and again."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from smart_ems.scratch import scratch_database
from smart_ems.static import collect_static
from smart_ems.supervisor import services

from .large_grid import fill
from .running_system import HOST, START_WITHIN_S, environment, wait_until
from .start_cost import cpu_s_of

FRAGMENTS = ("/dashboard/status/", "/dashboard/topology/", "/dashboard/losses/", "/dashboard/counters/")
# chosen: a fragment of the largest grid takes a few seconds where all clients wait for one core.
PATIENCE_S = 120.0


def bench_dashboards(substations: int, days: int, clients: int, seconds: float, server: str = "") -> dict[str, Any]:
    """One web process on a database of its own; each fragment is asked for by all clients for some seconds.

    server: as of ``bench_pages``.
    """
    collect_static()
    with scratch_database(journal="WAL", server=server) as folder:
        fill(substations, days)
        client = Client()
        client.force_login(User.objects.filter(is_superuser=True)[0])
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        with _web_process(folder) as (pid, port):
            found = [_load(port, pid, url, cookie, clients, seconds) for url in FRAGMENTS]
    return {
        "substations": substations,
        "clients": clients,
        "seconds": seconds,
        "load_1_min": os.getloadavg()[0],
        "fragments": found,
    }


@contextmanager
def _web_process(folder: Path) -> Iterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    child = services.web(HOST, port)
    with (folder / "web.log").open("ab") as log:
        process = subprocess.Popen(
            child.command,
            env=environment(folder) | child.env,
            cwd=settings.BASE_DIR,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: _listens(port), START_WITHIN_S, "the web process to listen")
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(START_WITHIN_S)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _load(port: int, pid: int, url: str, cookie: str, clients: int, seconds: float) -> dict[str, Any]:
    """After one answer that nobody counts."""
    _ask_until(port, url, cookie, 0.0)
    began, cpu_s = time.monotonic(), cpu_s_of(pid)
    with ThreadPoolExecutor(clients) as threads:
        runs = [threads.submit(_ask_until, port, url, cookie, began + seconds) for _ in range(clients)]
        walls_s = [wall_s for run in runs for wall_s in run.result()]
    took_s, cpu_s = time.monotonic() - began, cpu_s_of(pid) - cpu_s
    half, most = np.percentile(walls_s, (50, 95)) * 1000
    return {
        "url": url,
        "answers": len(walls_s),
        "p50_ms": float(half),
        "p95_ms": float(most),
        "answers_per_s": len(walls_s) / took_s,
        "cpu_ms_each": 1000 * cpu_s / len(walls_s),
    }


def _ask_until(port: int, url: str, cookie: str, until: float) -> list[float]:
    """Ask, wait for the answer, ask again, once at least; seconds of each.

    Raises:
        RuntimeError: one was answered otherwise than with 200.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_S)
    walls_s: list[float] = []
    while not walls_s or time.monotonic() < until:
        began = time.monotonic()
        connection.request("GET", url, headers={"Cookie": cookie, "HX-Request": "true"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{url} was answered with {answer.status}.")
        walls_s.append(time.monotonic() - began)
    connection.close()
    return walls_s


def table(found: dict[str, Any]) -> str:
    lines = [
        f"{found['substations']} substations, {found['clients']} clients, one web process; "
        f"load {found['load_1_min']:.1f}",
        f"{'p50 ms':>8} {'p95 ms':>8} {'answers/s':>9} {'cpu ms each':>11}  fragment",
    ]
    lines += [
        f"{each['p50_ms']:8.0f} {each['p95_ms']:8.0f} {each['answers_per_s']:9.1f} {each['cpu_ms_each']:11.1f}  "
        f"{each['url']}"
        for each in found["fragments"]
    ]
    return "\n".join(lines)
