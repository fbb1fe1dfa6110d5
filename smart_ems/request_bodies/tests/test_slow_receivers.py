"""Who asks for an answer and takes nothing of it keeps nothing in the server; a real one, on the loopback."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from smart_ems.request_bodies.slow_receivers import SlowReceivers

from .conftest import Attacked, _served, read_all


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 15
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


class EndlessAnswer:
    """An application that sends for as long as it is taken; ``ended`` says how each answer ended."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
        except TimeoutError:
            self.ended.append("not taken")
            raise
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise


def test_an_answer_that_nobody_takes_ends() -> None:
    app = EndlessAnswer()
    with _served(SlowReceivers(app, takes_within_s=0.5)) as port:
        lines = [Attacked(port, spool=None).connect() for _number in range(5)]  # type: ignore[arg-type]  # no bodies here
        for line in lines:
            line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: app.ended == ["not taken"] * len(lines))
        assert len(read_all(lines[0])) < 50_000_000, "and the line is closed"
        for line in lines:
            line.close()


def test_an_answer_that_is_taken_slowly_goes_on() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(8):
            await asyncio.sleep(0.2)  # each part within the limit, all of them not
            await send({"type": "http.response.body", "body": b"x", "more_body": number < 7})

    with _served(SlowReceivers(slow, takes_within_s=0.5)) as port:
        answer = Attacked(port, spool=None).ask("GET / HTTP/1.1")  # type: ignore[arg-type]  # no bodies here
    assert answer.startswith("HTTP/1.1 200")
    assert answer.endswith("0\r\n\r\n")


def test_a_time_out_of_the_application_itself_is_passed_on() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(SlowReceivers(broken)({"type": "http"}, None, None))  # type: ignore[arg-type]  # never called
