"""The running system: start order, readiness, watching, orderly stop."""

from __future__ import annotations

import errno
import fcntl
import ipaddress
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from django.conf import settings
from django.core.management.base import CommandError

from smart_ems.env import VAR_DIR, broker_socket
from smart_ems.private_files import FOLDER_MODE

from . import services
from .child import Child
from .log_rotation import rotate

# chosen: migrations and imports on a slow disk take less.
READY_WITHIN_S = 60.0


class Stop(Exception):
    """SIGINT or SIGTERM was received."""


@contextmanager
def only_one(run: Path = services.RUN) -> Iterator[IO[str]]:
    """Hold the folder's lock, so that two starts never share one database and one broker socket.

    Raises:
        CommandError: another start holds it.
    """
    run.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with (run / "ems.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise CommandError(
                f"Smart EMS is running in this folder already ({lock.read().strip() or 'starting'}). "
                "Stop it with Ctrl-C in its terminal."
            ) from None
        yield lock


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address, as far as its text says."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check_port(host: str, port: int) -> None:
    """Fail early, in words, when the address cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reasons = {
                errno.EADDRINUSE: f"Port {port} is taken by another program. Try: ./ems up --port {port + 1}",
                errno.EACCES: f"Port {port} needs root. Choose one above 1023: ./ems up --port 8000",
                errno.EADDRNOTAVAIL: f"This machine has no address {host}. Use --host 127.0.0.1 or --host 0.0.0.0.",
            }
            raise CommandError(reasons.get(error.errno or 0, f"Cannot listen on {host}:{port}: {error}")) from None


def wait_for_web(child: Child, port: int, host: str) -> None:
    """Return once the sign-in page answers.

    Raises:
        CommandError: it did not within a minute, or the process ended; the log's end is in the text.
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  (the wildcard is compared, not bound)
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=5) as answer:
                answer.read()
            return
        except urllib.error.HTTPError:
            return
        except (OSError, urllib.error.URLError):
            if child.process is None or child.process.poll() is not None:
                break
            time.sleep(0.1)
    raise CommandError(f"The web server did not start. The end of {child.log}:\n{services.tail(child.log)}")


def wait_for_broker(child: Child) -> None:
    """Return once the broker's socket accepts a connection."""
    path = broker_socket()
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
                return
            except OSError:
                if child.process is None or child.process.poll() is not None:
                    break
                time.sleep(0.05)
    raise CommandError(f"The broker did not start. The end of {child.log}:\n{services.tail(child.log)}")


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stop


def run(children: list[Child], *, say: Callable[[str], None], meanwhile: Callable[[], None]) -> None:
    """Watch the children until SIGINT or SIGTERM, then stop them in reverse order.

    ``meanwhile`` is called twice a second; it must not block.
    """
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        while True:
            for child in children:
                child.check(say)
                _bound_log(child, say)
            meanwhile()
            time.sleep(0.5)
    except Stop:
        pass
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("Stopping …")
        stop_all(children)
        say("Stopped. Your data is kept in " + str(VAR_DIR))


def _bound_log(child: Child, say: Callable[[str], None]) -> None:
    """Put its log aside when it has grown large; without room for that, say so and start it anew."""
    try:
        rotate(child.log, max_bytes=settings.LOG_MAX_BYTES, count=settings.LOG_FILES)
    except OSError as error:
        say(f"{child.log} could not be put aside ({error.strerror}) and was emptied.")
        os.truncate(child.log, 0)


def stop_all(children: list[Child]) -> None:
    for child in reversed(children):
        child.stop()
