"""Every request acts for its user: pages, fragments, the administration, streams and files that are sent in parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from core.site_rights import ScopeHolder, acting_for

from .site_scopes import RequestUser

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


@sync_and_async_middleware
def site_rights(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Answer]:
    """Stands behind the one that says who is signed in."""
    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            whom = RequestUser(request)
            with acting_for(whom):
                return _kept(await get_response(request), whom)

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        whom = RequestUser(request)
        with acting_for(whom):
            return _kept(get_response(request), whom)

    return answer


def _kept(response: HttpResponseBase, whom: ScopeHolder) -> HttpResponseBase:
    """What is read while it is sent is read for the same user, after the request has gone through here."""
    if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
        content: Any = response.streaming_content
        response.streaming_content = _parts_later(content, whom) if response.is_async else _parts(content, whom)
    return response


def _parts(content: Any, whom: ScopeHolder) -> Iterator[bytes]:
    parts = iter(content)
    while True:
        with acting_for(whom):
            part = next(parts, None)
        if part is None:
            return
        yield cast(bytes, part)


async def _parts_later(content: Any, whom: ScopeHolder) -> AsyncIterator[bytes]:
    parts = aiter(content)
    while True:
        with acting_for(whom):
            part = await anext(parts, None)
        if part is None:
            return
        yield cast(bytes, part)
