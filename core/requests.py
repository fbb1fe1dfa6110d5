"""One view, one URL: the whole page, or for htmx the very fragment that the page includes."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


class EmsRequest(HttpRequest):
    """What a view gets: somebody is signed in (``LoginRequiredMiddleware``), and htmx has been looked for."""

    user: User
    htmx: HtmxDetails


def is_fragment(request: EmsRequest) -> bool:
    """Whether htmx asks for a part of the page; a boosted link or a restored history entry wants the whole."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


def render_page(request: EmsRequest, page: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render ``app/page.html``, or its fragment ``app/_page.html`` for htmx."""
    folder, _, name = page.rpartition("/")
    template = f"{folder}/_{name}" if is_fragment(request) else page
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
