"""The stream of events: who may listen, what is said, and what two hundred of them cost."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import AsyncClient, Client
from django.utils import timezone

from smart_ems.dashboard import event_stream
from substations.models import Substation

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/events/"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks and beats come sooner, so that nobody has to wait for them."""
    monkeypatch.setattr(event_stream, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(event_stream, "BEAT_EVERY_S", 0.3)


@pytest.fixture
def viewer(person: Callable[[str], User]) -> AsyncClient:
    client = AsyncClient()
    client.force_login(person("viewer"))
    return client


def play(scene: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(scene(), 60)

    asyncio.run(limited())


async def opened(client: AsyncClient) -> AsyncIterator[bytes]:
    answer: Any = await client.get(URL)
    return aiter(answer)


async def next_event(stream: AsyncIterator[bytes], name: str) -> dict[str, Any]:
    """The data of the next event of a name."""
    async for line in stream:
        if f"event: {name}\n" in line.decode():
            data: dict[str, Any] = json.loads(line.decode().split("data: ")[1])
            return data
    raise AssertionError(f"The stream ended without {name}.")


def arrive(code: str) -> int:
    """Readings of a substation; its id."""
    return Substation.objects.update_or_create(code=code, defaults={"received_at": timezone.now()})[0].pk


def test_a_page_is_told_what_arrived_where(viewer: AsyncClient) -> None:
    async def scene() -> None:
        answer: Any = await viewer.get(URL)
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Cache-Control"] == "no-store"
        stream = aiter(answer)
        assert await next_event(stream, "hello") == {"beat_s": 0.3}
        await next_event(stream, "beat")  # the first look is over
        pk = await asyncio.to_thread(arrive, "A")
        assert await next_event(stream, "change") == {"topics": ["readings"], "substations": [pk]}
        assert "at" in await next_event(stream, "beat")

    play(scene)


def test_a_stream_ends_by_itself_and_leaves_nothing_behind(
    viewer: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "LASTS_S", 0.4)

    async def scene() -> None:
        stream = await opened(viewer)
        assert len(event_stream.hub().listeners) == 1
        assert await next_event(stream, "bye") == {}
        assert [line async for line in stream] == []
        assert not event_stream.hub().listeners

    play(scene)


def test_two_hundred_streams_need_one_thread_and_one_look(viewer: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MAX_STREAMS_OF_ONE", 200)

    async def scene() -> None:
        before = threading.active_count()
        streams = [await opened(viewer) for _ in range(200)]
        await asyncio.gather(*(next_event(stream, "beat") for stream in streams))
        assert threading.active_count() - before <= 3
        pk = await asyncio.to_thread(arrive, "A")
        said = await asyncio.gather(*(next_event(stream, "change") for stream in streams))
        assert said == [{"topics": ["readings"], "substations": [pk]}] * 200

    play(scene)


def test_who_comes_when_there_are_enough_is_sent_away(viewer: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "MAX_STREAMS", 1)

    async def scene() -> None:
        kept = await viewer.get(URL)
        refused = await viewer.get(URL)
        assert (kept.status_code, refused.status_code) == (200, 503)

    play(scene)


def test_of_very_many_streams_of_one_person_few_are_opened_and_others_have_theirs(
    viewer: AsyncClient, person: Callable[[str], User]
) -> None:
    other = AsyncClient()
    other.force_login(person("operator"))

    async def scene() -> None:
        answers: list[Any] = [await viewer.get(URL) for _number in range(100)]
        opened = [answer for answer in answers if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert (len(opened), len(refused)) == (event_stream.MAX_STREAMS_OF_ONE, 100 - event_stream.MAX_STREAMS_OF_ONE)
        assert int(refused[0].headers["Retry-After"]) > 0
        assert "the most for one person" in refused[0].content.decode()
        assert (await other.get(URL)).status_code == 200
        await next_event(aiter(opened[0]), "hello")
        for answer in opened[:2]:  # one that has begun, and one that has not
            await asyncio.to_thread(answer.close)
        assert [(await viewer.get(URL)).status_code for _number in range(3)] == [200, 200, 429]

    play(scene)


def test_a_database_that_fails_for_a_moment_ends_no_stream(
    viewer: AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looked, failures = event_stream._looked, [True, True]

    def failing(watch: Any) -> Any:
        if failures:
            failures.pop()
            raise DatabaseError("gone")
        return looked(watch)

    monkeypatch.setattr(event_stream, "_looked", failing)

    async def scene() -> None:
        stream = await opened(viewer)
        await next_event(stream, "beat")
        await asyncio.to_thread(arrive, "A")
        assert (await next_event(stream, "change"))["topics"] == ["readings"]

    play(scene)
    assert "could not be looked at" in caplog.text


def test_an_outsider_is_refused_and_nobody_is_asked_to_sign_in_by_a_stream(signed_in: Callable[[str], Client]) -> None:
    assert Client().get(URL).status_code == 401
    assert signed_in("outsider").get(URL).status_code == 403


def test_a_stream_is_only_read(signed_in: Callable[[str], Client]) -> None:
    assert signed_in("viewer").post(URL).status_code == 405
