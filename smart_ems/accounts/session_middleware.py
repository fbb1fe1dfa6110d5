"""After each request of somebody who is signed in: the session is noted; after a sign-in: the browser is known."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from . import known_devices, security_events, sessions, sign_in
from .security_events import Kind

SIGNED_IN = "user_who_signed_in"
WORDS = {"password": "", "socialaccount": "OpenID Connect"}


class SessionNotesMiddleware(MiddlewareMixin):
    """Inside of Django's for sessions, which stores what is noted here. Asks for no session that nobody asked for."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or not request.session.accessed:
            return response
        user: User | None = getattr(request, SIGNED_IN, None)
        if user is not None:
            known_devices.remember(request, response, sign_in.account_of(user.get_username()))
        sessions.note_use(request)
        return response


def note_sign_in(sender: object, request: Any, user: User, **kwargs: object) -> None:
    """Receives ``user_logged_in``."""
    sessions.begin(request, user)
    security_events.record(Kind.SIGNED_IN, user, request=request, detail=_how(request, user))
    setattr(request, SIGNED_IN, user)


def _how(request: Any, user: User) -> str:
    """By what somebody signed in, where it was more or other than a password here."""
    records = get_authentication_records(request, user)
    words = [WORDS.get(each["method"], each.get("type", "")) for each in records]
    if SocialAccount.objects.filter(user=user, provider="ldap").exists() and "" in words:
        words = ["LDAP" if word == "" else word for word in words]
    return ", ".join(filter(None, words))
