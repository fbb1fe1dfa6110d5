"""Which worker processes run: each holds the lock of a file of its own, which the system lets go when it ends.

So nobody waits for a worker that was killed. Only workers that share the folder know this of one another.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

SUFFIX = ".process"
MAX_AGE_S = 86_400.0
"""Chosen: as long as a checkpoint may be of use (``checkpoints``), it is known whose it was."""

_held: dict[UUID, int] = {}
"""The open files of this process: the lock is held as long as the file is open."""


def note_running(process: UUID) -> None:
    """Hold the lock of this process from now on. Without a folder to write to, others wait as if it were away."""
    with suppress(OSError):
        if process in _held:
            os.utime(_held[process])
            return
        path = _path(process)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _held[process] = handle


def has_ended(process: UUID) -> bool:
    """Whether a process ran here and does no more; False also where nothing is known of it."""
    return _is_unlocked(_path(process))


def forget_old() -> None:
    """Remove the files of processes that ended long ago."""
    with suppress(OSError):
        for path in _path(UUID(int=0)).parent.glob(f"*{SUFFIX}"):
            if time.time() - path.stat().st_mtime > MAX_AGE_S and _is_unlocked(path):
                path.unlink(missing_ok=True)


def _is_unlocked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _path(process: UUID) -> Path:
    return Path(settings.SCORER_FILES) / f"{process}{SUFFIX}"
