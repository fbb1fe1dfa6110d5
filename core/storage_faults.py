"""Why something could not be stored, as far as database and file system say: what is said of it must be true."""

from __future__ import annotations

import errno
from enum import StrEnum

from django.db import DatabaseError, InterfaceError

from core.retries import DATABASE_AWAY


class StorageFault(StrEnum):
    AWAY = "away"
    """The database does not answer."""
    FULL = "full"
    READ_ONLY = "read_only"
    BUSY = "busy"
    """SQLite: another process has been writing for longer than anybody waits."""


# SQLSTATE of PostgreSQL (its manual, appendix A).
_SQLSTATES = {"53100": StorageFault.FULL, "25006": StorageFault.READ_ONLY}
# What SQLite calls FULL, READONLY, BUSY and LOCKED; ERROR is a statement that does not fit the tables.
_SQLITE = {13: StorageFault.FULL, 8: StorageFault.READ_ONLY, 5: StorageFault.BUSY, 6: StorageFault.BUSY, 1: None}
_FILES = {errno.ENOSPC: StorageFault.FULL, errno.EDQUOT: StorageFault.FULL, errno.EROFS: StorageFault.READ_ONLY}


def fault_of(error: BaseException | None) -> StorageFault | None:
    """What kind of fault an exception stands for; None where it has nothing to do with storing."""
    if isinstance(error, DatabaseError | InterfaceError):
        return _of_database(error)
    if isinstance(error, OSError) and error.errno is not None:
        return _FILES.get(error.errno)
    return None


def _of_database(error: BaseException) -> StorageFault | None:
    cause = error.__cause__ or error
    usual = StorageFault.AWAY if isinstance(error, DATABASE_AWAY) else None
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE.get(code & 0xFF, usual)  # the lowest byte of an extended code is the code
    return _SQLSTATES.get(getattr(cause, "sqlstate", None) or "", usual)
