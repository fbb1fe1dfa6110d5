"""Work that many pages ask for at once, done for all of them together: a change makes every open dashboard ask.

Nothing is kept: whoever asks gets a result that was begun after the question, as if it had been worked out for that
one alone.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SharedWork(Generic[Result]):
    """Runs of one function, one at a time; each is for all who asked before it began, in whichever thread.

    asked    A    B C D              E
    running  ├─ A ─────┤├─ B, C, D ──┤├─ E ─┤
    """

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._asked: Future[Result] | None = None  # the run that has not begun
        self._lock, self._running = Lock(), Lock()

    def result(self) -> Result:
        """What a run that begins from now on returns, or the exception that it ends with."""
        with self._lock:
            run, is_first = self._asked or Future(), self._asked is None
            self._asked = run
        if is_first:
            with self._running:
                with self._lock:
                    self._asked = None  # whoever asks from here on may have changed what this run reads
                self._do(run)
        return run.result()

    def _do(self, run: Future[Result]) -> None:
        try:
            run.set_result(self._work())
        except BaseException as error:  # those who wait must not wait for ever
            run.set_exception(error)
