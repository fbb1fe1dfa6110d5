"""Browsers that an account was signed in from: each has its own budget of attempts, which nobody else can use up.

A signed cookie names them. Who steals one gains five attempts in a quarter of an hour and nothing else.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http.response import HttpResponseBase

COOKIE = "ems_device"
SALT = "smart_ems.accounts.known_devices"
# chosen: half a year without signing in, and a browser is a new one.
LASTS_S = 180 * 24 * 3600
# chosen: people who share the browser of a control room.
MAX_ACCOUNTS = 10
ACCOUNT_LENGTH = 16
"""Of the hash of an account: enough to tell ten apart."""


def device_of(request: Any, account: str) -> str | None:
    """What stands for this browser among those of an account; None for one that it was not signed in from."""
    return _known(request).get(account[:ACCOUNT_LENGTH])


def remember(request: Any, response: HttpResponseBase, account: str) -> None:
    """After a sign-in: this browser is known from now on. The accounts that it knew last stay."""
    known, account = _known(request), account[:ACCOUNT_LENGTH]
    device = known.pop(account, None) or secrets.token_urlsafe(9)
    kept = dict([*known.items(), (account, device)][-MAX_ACCOUNTS:])
    response.set_cookie(
        COOKIE,
        signing.dumps(kept, salt=SALT),
        max_age=LASTS_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known(request: Any) -> dict[str, str]:
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS_S)
    except signing.BadSignature:
        return {}
    return {str(name): str(value) for name, value in kept.items()} if isinstance(kept, dict) else {}
