"""The event stream: one task per process looks at the database once a second, and tells every open page.

A stream costs a queue and no thread. What a page misses, it fetches again when it is connected again; a page without
a stream asks by itself every few seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from core.site_rights import SiteScope, whole_plant

from .change_feed import Change, Watch

logger = logging.getLogger(__name__)

# chosen: what changes is on the screen within two seconds.
LOOK_EVERY_S = 1.0
# chosen: below the idle limits of usual proxies (30 s and more).
BEAT_EVERY_S = 10.0
LASTS_S = 600.0
"""A stream ends by itself, and the browser opens the next one: so a session that has ended is noticed."""

# chosen: a queue each costs little; below the usual limit of open files (1024).
MAX_STREAMS = 1000
MAX_STREAMS_OF_ONE = 20
"""Chosen: a browser has one for all its pages; one person has not so many browsers."""

# chosen: soon, and not all at once with the start of a server.
RETRY_MS = 2000


class TooManyStreamsError(Exception):
    """This process tells enough pages already; the others have to ask by themselves."""


class TooManyStreamsOfOneError(Exception):
    """One person has enough streams already; further pages of that one have to ask by themselves."""


class Hub:
    """Everybody who listens in one process: a queue each, and whose it is."""

    def __init__(self) -> None:
        self.listeners: dict[asyncio.Queue[Change], int] = {}
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "changes")  # always the same one: it has one database connection

    def join(self, user_id: int) -> asyncio.Queue[Change]:
        """A queue that gets every change from now on.

        Raises:
            TooManyStreamsError: there are enough.
            TooManyStreamsOfOneError: there are enough of this user.
        """
        if len(self.listeners) >= MAX_STREAMS:
            raise TooManyStreamsError
        if sum(each == user_id for each in self.listeners.values()) >= MAX_STREAMS_OF_ONE:
            raise TooManyStreamsOfOneError
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self.listeners[queue] = user_id
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        return queue

    def leave(self, queue: asyncio.Queue[Change]) -> None:
        self.listeners.pop(queue, None)

    async def _look(self) -> None:
        """Look as long as anybody listens."""
        watch, loop = Watch(), asyncio.get_running_loop()
        while self.listeners:
            try:
                change = await loop.run_in_executor(self._thread, _looked, watch)
            except DatabaseError as error:
                logger.warning("The database could not be looked at for changes: %s", error)
                change = Change(frozenset())
            for queue in self.listeners if change else ():
                queue.put_nowait(change)
            await asyncio.sleep(LOOK_EVERY_S)


def _looked(watch: Watch) -> Change:
    try:
        with whole_plant():  # for everybody who listens; each is told what is given to them
            return watch.look(timezone.now())
    finally:
        close_old_connections()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


class Stream:
    """What a response sends of one queue. ``close`` is called however it ends, also where it never began."""

    def __init__(self, user_id: int, given: SiteScope | None = None) -> None:
        """given: None for a user who sees every substation."""
        self._hub, self._given = hub(), given
        self._queue = self._hub.join(user_id)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return lines(self._queue, self._given)

    def close(self) -> None:
        self._hub.leave(self._queue)


async def lines(queue: asyncio.Queue[Change], given: SiteScope | None = None) -> AsyncIterator[bytes]:
    """A stream: ``hello``, then ``change`` as it happens, ``beat`` in between, ``bye`` at its end."""
    loop, here = asyncio.get_running_loop(), hub()
    until = loop.time() + LASTS_S
    try:
        yield f"retry: {RETRY_MS}\n".encode() + _event("hello", {"beat_s": BEAT_EVERY_S})
        while loop.time() < until:
            try:
                change = await asyncio.wait_for(queue.get(), BEAT_EVERY_S)
            except TimeoutError:
                yield _event("beat", {"at": timezone.now().isoformat()})
                continue
            change = change if given is None else await sync_to_async(_given_of)(change, given)
            if not change:
                continue
            named = None if change.substations is None else sorted(change.substations)
            yield _event("change", {"topics": sorted(change.topics), "substations": named})
        yield _event("bye", {})
    finally:
        here.leave(queue)


def _given_of(change: Change, given: SiteScope) -> Change:
    """What a user is told who is given part of the plant: neither of other substations, nor that they changed."""
    if change.substations is None:
        return change
    seen = frozenset(given.substations().filter(pk__in=change.substations).values_list("pk", flat=True))
    topics = change.topics if seen else change.topics - {"readings", "alerts"}
    return Change(topics, seen)


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
