"""One child process: started in its own session, logged to a file, restarted when it crashes, stopped in steps."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from smart_ems.private_files import FILE_MODE, FOLDER_MODE

# From <sys/prctl.h>.
PR_SET_PDEATHSIG = 1
# chosen: the pause doubles from one crash to the next up to this, so that a log stays readable.
MAX_PAUSE_S = 30.0
# A child that lived this long was healthy: its next restart is immediate again.
HEALTHY_AFTER_S = 60.0


def _die_with_parent() -> None:
    """Linux only: the kernel ends the child when the supervisor is killed, so that no orphan keeps the database."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """A command that has to keep running.

    ``stop_signals`` are sent in turn, each with its patience in seconds, until the process has ended.
    """

    name: str
    command: list[str]
    log: Path
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signals: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 8.0), (signal.SIGKILL, 5.0))
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    crashes: int = 0
    restart_at: float = 0.0

    def start(self) -> None:
        self.log.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with open(self.log, "ab", opener=_private) as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.env},
                cwd=self.cwd,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.started_at = time.monotonic()

    def check(self, say: Callable[[str], None]) -> None:
        """Restart the child if it has ended, waiting longer after each crash in a row."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.restart_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.process = None
        self.crashes = 0 if now - self.started_at > HEALTHY_AFTER_S else self.crashes + 1
        pause = 0.0 if self.crashes <= 1 else min(MAX_PAUSE_S, 2.0 ** (self.crashes - 1))
        self.restart_at = now + pause
        say(f"{self.name} ended ({describe(code)}); restarting{f' in {pause:.0f} s' if pause else ''}. Log: {self.log}")

    def stop(self) -> None:
        if self.process is None:
            return
        for number, patience_s in self.stop_signals:
            if self.process.poll() is None:
                self.process.send_signal(number)
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue
            break
        self.process = None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)


def describe(code: int) -> str:
    """An exit code in words: ``exit code 1`` or ``killed by SIGKILL``."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
