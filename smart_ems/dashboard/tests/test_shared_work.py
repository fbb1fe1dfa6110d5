"""Whoever asks gets a result that was begun after the question, and those who wait together get the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_ems.dashboard.shared_work import SharedWork

PATIENCE_S = 30.0


def wait_for(condition: Callable[[], bool]) -> None:
    until = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < until
        sleep(0.001)


def _waiting(shared: SharedWork[int]) -> int:
    run = shared._asked
    return 0 if run is None else len(run._condition._waiters)  # type: ignore[attr-defined]  # Python's own


def test_those_who_ask_during_a_run_share_the_next_one() -> None:
    runs: list[int] = []
    begun, may_end = Event(), Event()

    def work() -> int:
        runs.append(len(runs))
        begun.set()
        assert may_end.wait(PATIENCE_S)
        return runs[-1]

    shared = SharedWork(work)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(shared.result)
        assert begun.wait(PATIENCE_S)
        others = [threads.submit(shared.result) for _ in range(3)]
        wait_for(lambda: _waiting(shared) == 2)  # and the third of them is to do the run
        may_end.set()
        assert first.result(PATIENCE_S) == 0
        assert [each.result(PATIENCE_S) for each in others] == [1, 1, 1]
    assert runs == [0, 1]


def test_one_after_the_other_everybody_gets_a_run_of_their_own() -> None:
    runs = iter(range(9))
    shared = SharedWork(lambda: next(runs))
    assert [shared.result() for _ in range(3)] == [0, 1, 2]


def test_an_exception_is_that_of_everybody_who_waited_and_of_nobody_after() -> None:
    answers: Iterator[ValueError | int] = iter([ValueError("away"), 7])

    def work() -> int:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    shared = SharedWork(work)
    with pytest.raises(ValueError, match="away"):
        shared.result()
    assert shared.result() == 7


@given(writes=st.lists(st.integers(1, 3), min_size=1, max_size=12))
def test_nobody_sees_less_than_what_was_written_before_they_asked(writes: list[int]) -> None:
    """A plain counter stands for the database: each asker writes and then asks, all at once."""
    written: list[int] = []
    shared = SharedWork(lambda: len(written))

    def write_and_ask(count: int) -> tuple[int, int]:
        written.extend([0] * count)
        least = len(written)
        return least, shared.result()

    with ThreadPoolExecutor(6) as threads:
        asked: list[Future[tuple[int, int]]] = [threads.submit(write_and_ask, count) for count in writes]
        found = [each.result(PATIENCE_S) for each in asked]
    assert all(least <= seen for least, seen in found)
