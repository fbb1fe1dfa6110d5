"""Says whose request it is, for whatever is stored while it is answered."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.authorship import Authorship, authored
from smart_ems.client_address import address_of


class AuthorshipMiddleware:
    """After authentication. A token of the API is looked at later: the user is asked for when something is stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with authored(lambda: _author_of(request)):
            return self._get_response(request)


def _author_of(request: HttpRequest) -> Authorship:
    user = request.user  # of a token: Django REST framework puts it here
    name = user.get_username() if user.is_authenticated else ""
    return Authorship(name, _origin(request.path_info), address_of(request))


def _origin(path: str) -> str:
    if path.startswith("/api/"):
        return "api"
    return "administration" if path.startswith("/admin/") else "page"
