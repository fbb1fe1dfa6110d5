"""How much may be sent, how slowly, and how many bodies at a time, before anything of a body is kept.

Django's handler for ASGI stores a whole body before it asks who sends it; this layer stands in front of it. A body of
announced size is refused by its head, one of unknown size where it passes the limit.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from core.storage_faults import fault_of
from smart_ems.api_errors import storage_words

from .refusals import Refusal, send_refusal
from .senders import refusal_of_sender

SMALL_BYTES = 1_000_000
"""Chosen: the largest form of a page, hundreds of alerts resolved at once, is below 50 kB."""
# chosen: what multipart adds around the files and the answers that go with them.
OVERHEAD_BYTES = 1_000_000
# chosen: above the file of feeder supplies (5 MB), and the CSV of a grid of 10,000 substations (2 MB).
GRID_FILE_BYTES = 10_000_000


MAX_DIGITS = 20
"""Chosen: more digits than any size has; the server refuses what is no number."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Until when so many bytes must have come: ``grace_s`` seconds, and a second for each ``bytes_per_s``.

    Chosen: below the upstream of any line that an upload makes sense on; a form of a page has twenty seconds.
    """

    grace_s: float = 20.0
    bytes_per_s: float = 16_000.0
    max_small: int = 100
    """Chosen: 100 MB of memory where every small body is as large as it may be."""
    max_large: int = 8
    """Chosen: 16 GiB of disk at worst, from people and devices that may upload."""


@dataclass(frozen=True, slots=True)
class LargeBody:
    """Where more may be sent than a small body, how much, and the permission that its sender needs."""

    path: re.Pattern[str]
    max_bytes: int
    permission: str
    is_upload: bool = False


def large_bodies() -> tuple[LargeBody, ...]:
    file_bytes = settings.UPLOAD_MAX_BYTES + OVERHEAD_BYTES
    batch_bytes = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) + OVERHEAD_BYTES
    return (
        LargeBody(re.compile(r"/uploads/new/?"), file_bytes, "ingestion.add_upload", is_upload=True),
        LargeBody(re.compile(r"/api/uploads/?"), file_bytes, "ingestion.add_upload", is_upload=True),
        LargeBody(re.compile(r"/api/readings/?"), batch_bytes, "substations.add_reading"),
        LargeBody(re.compile(r"/losses/feeders/?"), GRID_FILE_BYTES, "losses.add_feedersupply"),
        LargeBody(re.compile(r"/admin/substations/substation/import/?"), GRID_FILE_BYTES, "substations.add_substation"),
        LargeBody(re.compile(r"/admin/substations/link/import/?"), GRID_FILE_BYTES, "substations.add_link"),
    )


class BodyLimits:
    """ASGI: passes on what may come in, and answers 401, 403, 408, 413, 429, 503 or 507 to the rest."""

    def __init__(self, app: Any, pace: Pace | None = None) -> None:
        self.app, self.pace, self.large = app, pace or Pace(), large_bodies()
        self._under_way = {True: 0, False: 0}  # large, small

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _announced(scope)
        large = self._large(scope) if body is None or body > SMALL_BYTES else None
        limit = large.max_bytes if large else SMALL_BYTES
        refusal = _too_large(limit, body) if body is not None and body > limit else None
        if refusal is None and large:
            refusal = await _refusal_of(scope, large, body)
        if refusal is None and body != 0:
            refusal = self._too_many(is_large=large is not None)
        if refusal is None:
            kind = None if body == 0 else large is not None
            refusal = await self._pass_on(scope, receive, send, limit=limit, is_large=kind)
        if refusal is not None:
            await send_refusal(refusal, scope, receive, send)

    def _large(self, scope: HTTPScope) -> LargeBody | None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return next((each for each in self.large if each.path.fullmatch(path)), None)

    def _too_many(self, *, is_large: bool) -> Refusal | None:
        most = self.pace.max_large if is_large else self.pace.max_small
        if self._under_way[is_large] < most:
            return None
        said = _("%(count)d bodies are being received, the most at a time. Try again later.") % {"count": most}
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, said)

    async def _pass_on(
        self,
        scope: HTTPScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
        *,
        limit: int,
        is_large: bool | None,
    ) -> Refusal | None:
        """A body has its place until its request is answered, since it is kept as long; without one, ``is_large`` is
        None."""
        body = _Body(receive, limit, self.pace)
        if is_large is None:
            await self.app(scope, body.receive, send)
            return body.refusal
        self._under_way[is_large] += 1
        try:
            await self.app(scope, body.receive, send)
        finally:
            self._under_way[is_large] -= 1
        return body.refusal


class _Body:
    """Counts what is received of one body. To the handler behind it, a body that is refused ends as a disconnect."""

    def __init__(self, receive: ASGIReceiveCallable, limit: int, pace: Pace) -> None:
        self._receive, self._limit, self._pace = receive, limit, pace
        self._started, self._bytes, self._is_over = asyncio.get_running_loop().time(), 0, False
        self.refusal: Refusal | None = None

    async def receive(self) -> Any:
        if self._is_over:  # the handler waits for the sender to leave: as long as that takes
            return await self._receive()
        until = self._started + self._pace.grace_s + self._bytes / self._pace.bytes_per_s
        try:
            async with asyncio.timeout_at(until):
                message = await self._receive()
        except TimeoutError:
            said = _("Received %(got)d bytes of a body that comes too slowly.") % {"got": self._bytes}
            return self._refuse(Refusal(HTTPStatus.REQUEST_TIMEOUT, said))
        if message["type"] == "http.request":
            self._bytes += len(message.get("body", b""))
            if self._bytes > self._limit:
                return self._refuse(_too_large(self._limit, self._bytes))
            if message.get("more_body"):
                return message
        self._is_over = True
        return message

    def _refuse(self, refusal: Refusal) -> dict[str, str]:
        self.refusal, self._is_over = refusal, True
        return {"type": "http.disconnect"}


def _announced(scope: HTTPScope) -> int | None:
    """The bytes of the body that a head announces: 0 where there is none, None where they are not known."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < MAX_DIGITS else None


def _too_large(limit: int, received: int) -> Refusal:
    said = _("Received %(got)d bytes or more; expected at most %(limit)d here.") % {"got": received, "limit": limit}
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)


async def _refusal_of(scope: HTTPScope, large: LargeBody, announced: int | None) -> Refusal | None:
    uploaded = (announced or 0) if large.is_upload else None
    try:
        return await refusal_of_sender(scope, large.permission, uploaded)
    except (DatabaseError, InterfaceError) as error:
        if (fault := fault_of(error)) is None:
            raise
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, " ".join(storage_words(fault)))
