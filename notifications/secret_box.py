"""Secrets of channels at rest: encrypted with a key that is made of the secret key of the installation.

A copy of the database alone reads none of them. With another secret key they can no longer be read: a channel then
says so and asks for them again; former keys may stand in ``EMS_SECRET_KEY_FALLBACKS``.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

PURPOSE = b"notifications.secret_box:"


class SecretsUnreadable(Exception):
    """The secrets were stored with another secret key."""


def seal(values: dict[str, Any]) -> str:
    """The values as a text that only this installation reads."""
    return _box().encrypt(json.dumps(values, sort_keys=True).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """What was sealed; nothing where nothing was.

    Raises:
        SecretsUnreadable: it was sealed with another secret key.
    """
    if not sealed:
        return {}
    try:
        values: dict[str, Any] = json.loads(_box().decrypt(sealed.encode()))
    except (InvalidToken, ValueError) as error:
        said = _("The secrets of this channel were stored with another EMS_SECRET_KEY: enter them again.")
        raise SecretsUnreadable(said) from error
    return values


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_key(key)) for key in keys])


def _key(secret: str | bytes) -> bytes:
    raw = secret.encode() if isinstance(secret, str) else secret
    return base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + raw).digest())
