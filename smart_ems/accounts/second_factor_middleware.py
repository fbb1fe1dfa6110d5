"""Who has to have a second factor and has none is led to set it up, before anything else.

The API refuses such sessions itself (``second_factor.SecondFactorSessions``); its tokens are not affected.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from smart_ems.api_errors import API

from . import second_factor
from .second_factor_urls import NEEDED_FOR_SETUP


class SecondFactorMiddleware(MiddlewareMixin):
    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not second_factor.is_required_of(request.user) or request.path.startswith(API):
            return None
        name = request.resolver_match.view_name if request.resolver_match is not None else ""
        is_public = not getattr(view, "login_required", True) and name != "events"  # which asks who it is itself
        if is_public or name in NEEDED_FOR_SETUP or not second_factor.is_missing(request):
            return None
        return _led_to_setup(request)


def _led_to_setup(request: HttpRequest) -> HttpResponse:
    setup = reverse("mfa_index")
    if "text/event-stream" in request.headers.get("Accept", ""):
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": setup})
    return redirect(setup)
