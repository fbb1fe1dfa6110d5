"""Who has a second factor, who has to have one, and ending it for somebody who lost it."""

from __future__ import annotations

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.models import Session
from django.utils.translation import gettext as _
from drf_spectacular.authentication import SessionScheme
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied

from . import sessions
from .security_events import Kind, record

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""Recovery codes alone are none: they stand in for one that was lost."""


def has_one(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def is_required_of(user: User | AnonymousUser) -> bool:
    if settings.REQUIRE_MFA == "none" or not user.is_authenticated:
        return False
    return settings.REQUIRE_MFA == "all" or user.is_staff or user.is_superuser


def is_missing(request: Any) -> bool:
    """Whether somebody signed in with a password alone and has to set up a second factor before anything else.

    A provider of OpenID Connect asks for its own.
    """
    if not is_required_of(request.user):
        return False
    known: bool | None = getattr(request, "_second_factor_is_missing", None)
    if known is None:
        records = get_authentication_records(request, request.user)
        is_from_provider = any(each.get("method") == "socialaccount" for each in records)
        known = not is_from_provider and not has_one(request.user)
        request._second_factor_is_missing = known
    return known


def end(user: User, *, request: Any = None) -> bool:
    """End the second factor of somebody who lost it, and their sessions; whether there was one."""
    found = Authenticator.objects.filter(user=user)
    kinds = sorted({each.get_type_display() for each in found})
    if not kinds:
        return False
    found.delete()
    Session.objects.filter(belongs_to__user=user).delete()
    record(Kind.FACTOR_ENDED, user, request=request, detail=", ".join(kinds))
    return True


def note_added(sender: object, request: Any, user: User, authenticator: Authenticator, **values: object) -> None:
    """Receives ``authenticator_added``: other sessions, opened without it, end."""
    if authenticator.type == Authenticator.Type.TOTP:
        authenticator.data["last_counter"] = list(yield_hotp_counters_from_time())[settings.MFA_TOTP_TOLERANCE]
        authenticator.save(update_fields=["data"])
    kind = Kind.CODES_MADE if authenticator.type == Authenticator.Type.RECOVERY_CODES else Kind.FACTOR_ADDED
    record(kind, user, request=request, detail=str(authenticator))
    sessions.end_others(user, request.session.session_key)


def note_removed(sender: object, request: Any, user: User, authenticator: Authenticator, **values: object) -> None:
    """Receives ``authenticator_removed``."""
    record(Kind.FACTOR_ENDED, user, request=request, detail=str(authenticator))
    sessions.end_others(user, request.session.session_key)


def note_new_codes(sender: object, request: Any, user: User, **values: object) -> None:
    """Receives ``authenticator_reset``."""
    record(Kind.CODES_MADE, user, request=request)


class SecondFactorSessions(SessionAuthentication):
    """Sessions of pages at the API: not before the second factor that is required has been set up."""

    def authenticate(self, request: Any) -> Any:
        """
        Raises:
            PermissionDenied: it has not.
        """
        found = super().authenticate(request)
        if found is not None and is_missing(request._request):
            raise PermissionDenied(_("Your account needs a second factor: set it up under /second-factor/ first."))
        return found


class SecondFactorSessionsExtension(SessionScheme):  # type: ignore[no-untyped-call]  # its registration
    """What the schema says of it."""

    target_class = SecondFactorSessions  # type: ignore[assignment]  # its own is text
