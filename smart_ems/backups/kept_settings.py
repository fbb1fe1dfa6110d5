"""The settings that a backup keeps: those of the environment, without what opens anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

NAMES = re.compile(r"(EMS_[A-Z0-9_]+|DATABASE_URL|REDIS_URL|OMP_NUM_THREADS)\Z")
# An address of a monitor mostly is its own secret.
SECRET = re.compile(r"SECRET|PASS(?!WORD_SIGN_IN)|TOKEN|KEY|DSN|EMS_HEARTBEAT_URL")
NOT_KEPT = "(not kept)"


def kept_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """By name; a secret is named without its value, an address without its password and query."""
    found = {name: value for name, value in sorted(environment.items()) if NAMES.match(name)}
    return {name: NOT_KEPT if SECRET.search(name) else _without_password(value) for name, value in found.items()}


def _without_password(value: str) -> str:
    if "://" not in value:
        return value
    try:
        parts = urlsplit(value)
        _user, at, host = parts.netloc.rpartition("@")
        user = _user.partition(":")[0] + at if at else ""
        return urlunsplit(parts._replace(netloc=user + host, query="", fragment=""))
    except ValueError:
        return NOT_KEPT
