"""Who sends a request to the API: ``Authorization: Bearer …``, or ``Token …`` as it was before."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from . import api_tokens
from .security_events import Kind, record_token
from .site_scopes import act_as
from .token_models import ApiToken

KEYWORDS = (b"bearer", b"token")


class TokenHeader(BaseAuthentication):
    """The user and the token of the header; None where there is no such header."""

    def authenticate(self, request: Any) -> tuple[User, ApiToken] | None:
        """
        Raises:
            AuthenticationFailed: the token is not known or has expired, or its user may not sign in.
        """
        keyword, *rest = get_authorization_header(request).split() or [b""]
        if keyword.lower() not in KEYWORDS:
            return None
        if len(rest) != 1:
            said = _("Received %(count)d words after “%(keyword)s”; expected the token.")
            raise AuthenticationFailed(said % {"count": len(rest), "keyword": keyword.decode()})
        now = timezone.now()
        token = api_tokens.find(rest[0].decode("latin-1"))
        if token is None or not token.user.is_active:
            raise AuthenticationFailed(_("This token is not known: it may have been revoked."))
        if token.expires_at is not None and token.expires_at <= now:
            raise AuthenticationFailed(_("This token expired on %(day)s.") % {"day": token.expires_at.date()})
        if api_tokens.note_use(token, now=now):
            record_token(Kind.TOKEN_FIRST_USED, token, request=request)
        act_as(token.user)
        return token.user, token

    def authenticate_header(self, request: Any) -> str:
        return "Bearer"


class TokenHeaderExtension(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registration
    """What the schema says of it."""

    target_class = TokenHeader
    name = "bearerAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token of the page “API tokens”."}
