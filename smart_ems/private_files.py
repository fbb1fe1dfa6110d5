"""The data folder belongs to the account that runs the system: no other account of the machine reads it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER_MODE, FILE_MODE, UMASK = 0o700, 0o600, 0o077
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)


def close_folder(folder: Path) -> None:
    """Make a data folder, and close it and what holds secrets in it. Asked at every start, so that it is one look.

    A folder that cannot be ours alone is left: the top of the file system, one shared as the system's temporary folder
    is, one of another account. The system check ``smart_ems.W003`` names it.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if not _is_ours(folder):
        return
    _close(folder)
    for path in (folder / "secret_key", folder / "log", *folder.glob("*.sqlite3*")):
        _close(path)


@contextmanager
def said_of_folder(folder: Path) -> Iterator[None]:
    """A data folder that cannot be made or written ends the program with a sentence instead of a traceback."""
    try:
        yield
    except OSError as error:
        path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
        if path is None or not (path == folder or (error.errno in NOT_WRITABLE and path.is_relative_to(folder))):
            raise
        raise SystemExit(
            f"The data folder {folder} cannot be used: {path}: {error.strerror}. "
            "Let this account write there, free space, or name another folder in EMS_VAR_DIR."
        ) from None


def close_everything(folder: Path) -> None:
    """Close every folder and file of a data folder, for an installation made before they were closed."""
    close_folder(folder)
    if _is_ours(folder):
        for path in everything(folder):
            _close(path)


def everything(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (Path(parent) / name for name in (*folders, *files))


def is_open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _is_ours(folder: Path) -> bool:
    found = folder.stat()
    is_top = len(folder.resolve().parts) <= len(("/", "var"))
    return found.st_uid == os.getuid() and not found.st_mode & stat.S_ISVTX and not is_top


def _close(path: Path) -> None:
    """Take the rights of others away; what vanishes meanwhile, is a link or a socket, or is another account's stays."""
    try:
        found = path.lstat()
        if found.st_uid != os.getuid() or not (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
            return
        if found.st_mode & UMASK:
            path.chmod(stat.S_IMODE(found.st_mode) & ~UMASK)
    except FileNotFoundError:
        return
