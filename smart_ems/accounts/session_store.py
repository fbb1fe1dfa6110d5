"""Django's sessions in the database, which end so long after their sign-in whatever happens."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.sessions.backends import db

NOTES = "access"
"""The key of a session under which its ``Notes`` are."""
HOUR_S = 3600


class Notes(TypedDict):
    """What a session says of itself. Times are seconds since 1970; ``key`` begins the key under which it was noted."""

    since: float
    seen: float
    address: str
    browser: str
    key: str


def is_over(data: dict[str, Any]) -> bool:
    """Whether the sign-in lies too far back; a session of an earlier version has no notes until it is used."""
    notes = data.get(NOTES)
    return notes is not None and time.time() - notes["since"] > settings.SESSION_MAX_HOURS * HOUR_S


def moment_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class SessionStore(db.SessionStore):
    """The name is that of Django's, which is part of how its sessions are signed."""

    def load(self) -> dict[str, Any]:
        return self._unless_over(super().load())

    async def aload(self) -> dict[str, Any]:
        return self._unless_over(await super().aload())

    def _unless_over(self, data: dict[str, Any]) -> dict[str, Any]:
        if not is_over(data):
            return data
        self._session_key = None
        return {}
