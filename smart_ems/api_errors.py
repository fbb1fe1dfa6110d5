"""What a request is answered that no view answers: JSON for programs, a page for people.

Django calls these for errors of all kinds; ``ApiPathMiddleware`` lets an address of the API do without its last slash,
since a redirect would turn a POST into a GET.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.views import exception_handler

from core import site_rights
from core.storage_faults import StorageFault, fault_of

API = "/api/"
RETRY_AFTER_S = 10
"""Chosen: a database that restarts is back within seconds."""

Answer = HttpResponse | Awaitable[HttpResponse]


def is_program(request: HttpRequest) -> bool:
    """Whether a request asks the API and does not want a page."""
    return request.path.startswith(API) and "text/html" not in request.headers.get("Accept", "")


class NulInAddressError(ValueError):
    """No text that is stored or looked for can hold the character."""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    is_nul = isinstance(exception, NulInAddressError)
    if is_program(request):
        if isinstance(exception, RequestDataTooBig):
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            said = _("Received more than %(limit)d bytes. Split the batch.") % {"limit": limit}
            return _json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
        return _json(HTTPStatus.BAD_REQUEST, _nul() if is_nul else _("The request cannot be read."))
    if is_nul:
        page = render_to_string("400.html", {"exception": _nul()})
        return HttpResponse(page, status=HTTPStatus.BAD_REQUEST)
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_program(request):
        return _json(HTTPStatus.FORBIDDEN, str(exception) or site_words() or _("You may not do this."))
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_program(request):
        said = _("Nothing is found at %(path)s; the addresses are at /api/.") % {"path": printable(request.path)}
        return _json(HTTPStatus.NOT_FOUND, said)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 while nothing can be stored or read; called while the exception is handled."""
    if fault := fault_of(sys.exc_info()[1]):
        title, again = storage_words(fault)
        status = HTTPStatus.SERVICE_UNAVAILABLE
        page = "" if is_program(request) else render_to_string("503.html", {"title": title, "again": again})
        answer = HttpResponse(page, status=status) if page else _json(status, f"{title} {again}")
        answer["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    if is_program(request):
        return _json(HTTPStatus.INTERNAL_SERVER_ERROR, _("The server failed; its log says why."))
    return defaults.server_error(request)


def storage_words(fault: StorageFault) -> tuple[str, str]:
    """What is the matter with what the system stores into, and when to try again."""
    title = {
        StorageFault.AWAY: _("The database cannot be reached."),
        StorageFault.FULL: _("The disk of the server is full: nothing can be stored until space is freed."),
        StorageFault.READ_ONLY: _("What the server stores into can be read only: nothing can be stored."),
        StorageFault.BUSY: _("The database is busy with other work."),
    }[fault]
    return title, _("Try again in %(seconds)d s.") % {"seconds": RETRY_AFTER_S}


def site_words() -> str:
    """Why the role may not be enough; empty for somebody to whom all substations are given."""
    if site_rights.current() is None:
        return ""
    return _("Not all substations are given to you: what belongs to the whole plant is changed by those who have all.")


def _nul() -> str:
    return _("Received a NUL character in the address; expected text.")


def answer_to_exception(exception: Exception, context: dict[str, Any]) -> Any:
    """What Django REST framework answers to an exception of a view; None where it is a failure of ours.

    A year 1 in a time zone ahead of UTC, or a number beyond 64 bits, overflows where it is converted or stored.
    """
    if isinstance(exception, OverflowError):
        said = _("Received a date or number out of range (%(why)s); expected years 2 to 9998 and 64-bit integers.")
        exception = ValidationError({"detail": [said % {"why": exception}]})
    if isinstance(exception, PermissionDenied) and str(exception.detail) == str(PermissionDenied.default_detail):
        exception = PermissionDenied(site_words() or None)
    return exception_handler(exception, context)


def printable(text: str) -> str:
    """What every answer can hold."""
    return text.encode("utf-8", "replace").decode()


def _json(status: HTTPStatus, detail: str) -> HttpResponse:
    return JsonResponse({"detail": detail}, status=status)


class ApiPathMiddleware:
    """An address of the API without its last slash is answered as the one with it; NUL is refused in any address."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        is_api = request.path_info.startswith(API)
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            refused = bad_request(request, NulInAddressError())
            return self._later(refused) if iscoroutinefunction(self) else refused
        if is_api and not request.path_info.endswith("/"):
            _add_slash(request)
        return self.get_response(request)

    async def _later(self, answer: HttpResponse) -> HttpResponse:
        return answer


def _add_slash(request: HttpRequest) -> None:
    """Where only the address with a slash is one."""
    try:
        resolve(request.path_info)
    except Resolver404:
        try:
            resolve(f"{request.path_info}/")
        except Resolver404:
            return
        request.path_info, request.path = f"{request.path_info}/", f"{request.path}/"
