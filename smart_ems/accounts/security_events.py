"""Writing down what happened to accounts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser, Group, User
from django.utils import timezone

from smart_ems.client_address import address_of

from .security_event_models import SecurityEvent
from .token_models import ApiToken

Kind = SecurityEvent.SecurityKind


def record(kind: str, about: User | Group | str, *, request: Any = None, detail: str = "") -> None:
    """Add one event. Who did it and from where is what the request says; without one it was a command."""
    asked = getattr(request, "_request", request)  # of REST framework: its own would authenticate once more
    by = getattr(asked, "user", None)
    SecurityEvent.objects.create(
        at=timezone.now(),
        kind=kind,
        account=str(about),
        actor="" if by is None or isinstance(by, AnonymousUser) else str(by),
        address=address_of(request) if request is not None else "",
        detail=detail,
    )


def record_token(kind: str, token: ApiToken, *, request: Any = None) -> None:
    record(kind, token.user, request=request, detail=f"{token.name} ({token.hint}…): {', '.join(token.scopes)}")


def record_refusal(name: str, request: Any) -> None:
    """A wrong password for an account that there is. What is typed into an unknown name may be a password itself."""
    found = User.objects.filter(username=name).first()
    if found is not None:
        record(Kind.REFUSED, found, request=request)


def note_sign_out(sender: object, request: Any, user: User | None, **kwargs: object) -> None:
    """Receives ``user_logged_out``."""
    if user is not None:
        record(Kind.SIGNED_OUT, user, request=request)
