"""Logs of a bounded size while the processes that write them run on.

A process keeps its file open for months, so that the file cannot be renamed: what is in it is copied aside and the file
is emptied. All of them append, so that they go on at its beginning.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from smart_ems.private_files import FILE_MODE

PARTIAL = ".partial"


def rotate(log: Path, *, max_bytes: int, count: int) -> bool:
    """Put a log aside as ``name.1`` once it has grown to ``max_bytes``; the newest ``count`` of them stay.

    Lines that are written between the last look and the emptying, some microseconds, are lost.

    Raises:
        OSError: there is no room for the copy; the log is as it was.
    """
    try:
        if log.stat().st_size < max_bytes:
            return False
    except FileNotFoundError:
        return False
    _numbered(log, count).unlink(missing_ok=True)  # first: it makes room
    partial = log.with_name(log.name + PARTIAL)
    try:
        with log.open("r+b") as source, open(partial, "wb", opener=_private) as copy:
            shutil.copyfileobj(source, copy)
            while rest := source.read():  # what came meanwhile
                copy.write(rest)
            copy.flush()
            source.truncate(0)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    for number in range(count - 1, 0, -1):
        if _numbered(log, number).exists():
            _numbered(log, number).replace(_numbered(log, number + 1))
    if count:
        partial.replace(_numbered(log, 1))
    partial.unlink(missing_ok=True)
    return True


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)
