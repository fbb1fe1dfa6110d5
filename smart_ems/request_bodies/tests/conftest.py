"""A real server on the loopback, with the limits of the product but less patience."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from smart_ems.request_bodies.body_limits import BodyLimits, Pace
from smart_ems.request_bodies.handler import SpoolingHandler

PATIENCE = Pace(grace_s=1.0, max_small=3, max_large=1)


@dataclass
class Attacked:
    """The server under attack and the folder in which it keeps bodies."""

    port: int
    spool: Path

    def connect(self) -> socket.socket:
        line = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        line.settimeout(10)
        return line

    def ask(self, head: str, body: bytes = b"") -> str:
        """The whole answer to a request, as text; what cannot be sent any more is left."""
        with self.connect() as line:
            with contextlib.suppress(OSError):
                line.sendall(f"{head}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode() + body)
            return read_all(line)


def read_all(line: socket.socket) -> str:
    parts = []
    with contextlib.suppress(OSError):
        while part := line.recv(65536):
            parts.append(part)
    return b"".join(parts).decode(errors="replace")


@pytest.fixture
def attacked(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Attacked]:
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "spool"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    with _served(BodyLimits(SpoolingHandler(), PATIENCE)) as port:
        yield Attacked(port, settings.FILE_UPLOAD_TEMP_DIR)


@contextlib.contextmanager
def _served(app: Callable[..., Any]) -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(app, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        run = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
        run.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            run.join(10)
