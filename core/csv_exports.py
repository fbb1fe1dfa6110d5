"""CSV files of any length: sent while their rows are read, so that nothing waits and nothing is kept.

Django's handler for ASGI makes a list of an ordinary iterator before it sends anything of it. Here each part is asked
for when the one before it has gone, in the request's own thread, whose database connection it needs.
"""

from __future__ import annotations

import csv
import threading
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from .requests import EmsRequest
from .spreadsheets import guarded

BYTE_ORDER_MARK = "\ufeff"
"""Spreadsheets then read a file as UTF-8."""
# chosen: some 100 kB; to change threads for each line would cost more than the line.
ROWS_OF_A_PART = 1000
MAX_AT_ONCE = 3
"""Chosen: of one person in one web process; each takes a thread and a database connection for as long as it lasts."""
RETRY_AFTER_S = 30
"""Chosen: a million readings take a minute or two."""

_under_way: Counter[int] = Counter()
_lock = threading.Lock()


class CsvExport(StreamingHttpResponse):
    """A streamed file that is sent part by part under ASGI, too."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content: Any = self.streaming_content
        next_part = sync_to_async(partial(next, iter(content), b""))
        while part := await next_part():
            yield part


def csv_export(
    request: EmsRequest, name: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, head: str = ""
) -> HttpResponseBase:
    """A file of rows, none of which a spreadsheet runs as a formula; 429 to whom has too many under way.

    rows: read while they are sent. head: what stands before the header.
    """
    slot = _Slot(request.user.pk)
    if not slot.is_free:
        said = _("%(count)d of your exports are under way, the most at a time. Try again when one of them has ended.")
        refused = HttpResponse(said % {"count": MAX_AT_ONCE}, status=HTTPStatus.TOO_MANY_REQUESTS)
        refused["Content-Type"], refused["Retry-After"] = "text/plain; charset=utf-8", str(RETRY_AFTER_S)
        return refused
    response = CsvExport(_Parts(header, rows, head, slot), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return response


class _Slot:
    """One of the few exports of a person; given back once, at the latest when nobody knows of it any more."""

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id
        with _lock:
            self.is_free = _under_way[user_id] < MAX_AT_ONCE
            self._is_held = self.is_free
            _under_way[user_id] += self.is_free

    def release(self) -> None:
        with _lock:
            _under_way[self._user_id] -= self._is_held
            self._is_held = False

    def __del__(self) -> None:
        self.release()


class _Parts:
    """Iterates over the text of a file; the header is a part of its own, so that it goes at once."""

    def __init__(self, header: Sequence[str], rows: Iterable[Sequence[object]], head: str, slot: _Slot) -> None:
        self._parts, self._slot = _parts(header, rows, head), slot
        self._language = translation.get_language()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with translation.override(self._language):
            return next(self._parts)

    def close(self) -> None:
        """Called by the response when it has been sent or its receiver has left."""
        self._slot.release()
        with suppress(ValueError):  # a part is being read in another thread
            self._parts.close()


def _parts(header: Sequence[str], rows: Iterable[Sequence[object]], head: str) -> Generator[str, None, None]:
    writer = csv.writer(_Echo())
    yield head + writer.writerow(header)
    left = iter(rows)
    while part := list(islice(left, ROWS_OF_A_PART)):
        yield "".join(writer.writerow([guarded(cell) for cell in row]) for row in part)


class _Echo:
    """A file that returns what is written to it."""

    def write(self, line: str) -> str:
        return line
