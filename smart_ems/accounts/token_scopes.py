"""Which scope of a token a request needs. A session needs none: the person is at the screen."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from .token_models import ApiToken, Scope


def needed_scope(view: Any, method: str) -> str:
    """Looking needs ``read``, changing what the ``write_scope`` of the view says, else ``operate``."""
    if method in SAFE_METHODS:
        return Scope.READ
    return str(getattr(view, "write_scope", Scope.OPERATE))


def missing(token: object, scope: str) -> str | None:
    """A sentence on what a token lacks; None where it has the scope, and for what is no token."""
    if not isinstance(token, ApiToken) or scope in token.scopes:
        return None
    held = ", ".join(token.scopes) or _("none")
    said = _("The token “%(name)s” lacks the scope %(scope)s; it has: %(held)s.")
    return said % {"name": token.name, "scope": scope, "held": held}


class HasScope(BasePermission):
    """Comes first: a token without the scope is told so, whoever its user is."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if said := missing(request.auth, needed_scope(view, request.method)):
            raise PermissionDenied(said)
        return True
