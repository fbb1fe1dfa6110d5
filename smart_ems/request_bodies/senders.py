"""Who sends a request, by its head alone: the same session and the same token that the views would ask."""

from __future__ import annotations

import io
from http import HTTPStatus
from importlib import import_module
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from asgiref.typing import HTTPScope
from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed

from ingestion.services import TooLarge, check_capacity
from smart_ems.accounts.token_header import TokenHeader
from smart_ems.accounts.token_models import Scope
from smart_ems.accounts.token_scopes import missing
from smart_ems.api_errors import API

from .refusals import Refusal


async def refusal_of_sender(scope: HTTPScope, permission: str, upload_bytes: int | None = None) -> Refusal | None:
    """Why the sender may not send a large body: not known (401), or without the permission (403); None if welcome.

    upload_bytes: of files to be kept, as far as announced: for those there may be no room (429, 507).

    Raises:
        OperationalError: the database is away.
    """
    async with ThreadSensitiveContext():
        return await sync_to_async(_refusal)(scope, permission, upload_bytes)


def _refusal(scope: HTTPScope, permission: str, upload_bytes: int | None) -> Refusal | None:
    try:
        user, token = _sender(ASGIRequest(scope, io.BytesIO()))
        if user is None:
            return Refusal(HTTPStatus.UNAUTHORIZED, _("Sign in first."))
        if said := missing(token, Scope.WRITE_READINGS):
            return Refusal(HTTPStatus.FORBIDDEN, said)
        if not user.has_perm(permission):
            return Refusal(HTTPStatus.FORBIDDEN, _("You may not do this."))
        if upload_bytes is not None:
            check_capacity(upload_bytes, user)
        return None
    except TooLarge as error:
        return Refusal(error.status, str(error))
    except UnicodeDecodeError:
        return Refusal(HTTPStatus.BAD_REQUEST, _("The request cannot be read."))
    finally:
        connections.close_all()  # no request has begun whose end would close them


def _sender(request: Any) -> tuple[Any, Any]:
    """Whose token the request has, which the API alone asks for, and the token; else whose session and None; None twice
    where neither is good."""
    if request.path_info.startswith(API):
        try:
            found = TokenHeader().authenticate(request)
        except AuthenticationFailed:
            return None, None
        if found is not None:
            return found
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    user = get_user(request)
    return (user if user.is_authenticated else None), None
