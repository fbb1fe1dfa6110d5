"""Tokens for tests of the API."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.utils import timezone

from smart_ems.accounts import api_tokens
from smart_ems.accounts.token_models import Scope


def token_of(user: User, scopes: Iterable[str] = Scope.values, *, name: str = "a meter", days: int = 30) -> str:
    """The secret of a new token."""
    return api_tokens.make(user, name=name, scopes=scopes, days=days, now=timezone.now())[1]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}
