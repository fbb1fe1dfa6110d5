"""Waiting for another transaction that is about the same thing, where no row stands for it yet."""

from __future__ import annotations

import hashlib

from django.db import connection


def lock_until_commit(*names: str) -> None:
    """Wait until no other transaction holds the lock of these names, and hold it to the end of this one.

    On PostgreSQL an advisory lock; SQLite has one writer at a time anyway.
    """
    if connection.vendor != "postgresql":
        return
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(digest, "big", signed=True)])
