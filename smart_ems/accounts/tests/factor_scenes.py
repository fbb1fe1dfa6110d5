"""Somebody with an authenticator app: set up on its pages, and its codes computed as the app does."""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.test import Client

PASSWORD = "secret-pass-1"


def code_of(secret: str, *, steps: int = 0) -> str:
    """The code that the app shows now, or so many steps of 30 s from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def signed_in_by_password(name: str, client: Client | None = None, **where: Any) -> tuple[Client, Any]:
    """A browser after the password, and what the page answered."""
    client = client or Client()
    answer = client.post("/sign-in/", {"username": name, "password": PASSWORD}, **where)
    return client, answer


def with_app(user: User) -> str:
    """Set the app up for a user on the page; its secret. The code of this step is not used up."""
    client, _answer = signed_in_by_password(user.username)
    secret = str(client.get("/second-factor/app/").context["form"].secret)
    answer = client.post("/second-factor/app/", {"code": code_of(secret)})
    assert answer.headers["Location"] == "/second-factor/recovery-codes/"
    factor = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    factor.data["last_counter"] = 0
    factor.save()
    return secret


def recovery_codes_of(user: User) -> list[str]:
    codes = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES)
    return list(codes.wrap().get_unused_codes())


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
