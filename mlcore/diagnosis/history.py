"""What trailing windows need of earlier steps, so that new steps can be judged alone.

>>> memory = Memory(spare=4)
>>> for part in parts:            # one record, cut anywhere along time
...     with memory:
...         judge(part)           # the same numbers as judge(whole record)

Code that looks back does it through ``rolling``, and ``rolling`` asks here. The n-th question of one pass belongs to
the n-th of the pass before: what is judged must ask the same questions in the same order every time.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class HistoryError(RuntimeError):
    """The memory does not fit what is asked of it: judge the whole record again."""


class Memory:
    """Earlier columns of every windowed quantity, time on the last axis.

    spare: so many newest steps can be taken back by ``rewind``, for readings that come late; to_spare: how many still.
    """

    def __init__(self, spare: int = 0) -> None:
        if spare < 0:
            raise ValueError(f"spare must be 0 or more steps; received {spare}.")
        self.spare = spare
        self.seen = 0
        self.to_spare = 0
        self._kept: list[Array] = []
        self._next = 0
        self._asked: set[int] = set()
        self._token: Token[Memory | None] | None = None
        self._steps = 0

    def __enter__(self) -> Self:
        self._next = self._steps = 0
        self._token = _CURRENT.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _CURRENT.reset(self._token)
        self.seen += self._steps
        self.to_spare = min(self.spare, self.to_spare + self._steps)
        if kind is None and self._next != len(self._kept):
            raise HistoryError(f"{self._next} windows were asked for; {len(self._kept)} were, the time before.")

    @property
    def bytes(self) -> int:
        """Size of what is kept."""
        return sum(kept.nbytes for kept in self._kept)

    def rewind(self, steps: int) -> None:
        """Take back the newest steps, to judge them again. HistoryError where that is more than is ``to_spare``."""
        if not 0 <= steps <= self.to_spare:
            raise HistoryError(f"At most {self.to_spare} steps can be taken back; asked for {steps}.")
        if steps:
            self._kept = [kept[..., : kept.shape[-1] - steps] for kept in self._kept]
            self.seen -= steps
            self.to_spare -= steps

    def recall(self, new: Array, reach: int) -> tuple[int, Array]:
        """Up to ``reach`` earlier columns of a quantity, its place among the questions; ``keep`` must follow."""
        place, self._next = self._next, self._next + 1
        self._steps = new.shape[-1]
        if place == len(self._kept):
            if self.seen:
                raise HistoryError("More windows are asked for than the time before.")
            self._kept.append(np.empty((*new.shape[:-1], 0), dtype=new.dtype))
        kept = self._kept[place]
        if kept.shape[:-1] != new.shape[:-1]:
            raise HistoryError(f"A window over {new.shape[:-1]} was asked for; the time before it was {kept.shape}.")
        return place, kept[..., max(kept.shape[-1] - reach, 0) :]

    def keep(self, place: int, new: Array, reach: int) -> None:
        """Remember new columns of a quantity, and as many before them as windows and ``rewind`` may need."""
        kept = self._kept[place]
        whole = np.concatenate([kept, new], axis=-1) if kept.shape[-1] else new
        # A copy: a view would hold on to the whole array that it was cut from.
        self._kept[place] = whole[..., max(whole.shape[-1] - reach - self.spare, 0) :].copy()


_CURRENT: ContextVar[Memory | None] = ContextVar("windows_remember", default=None)


def with_past(new: Array, reach: int) -> tuple[Array, int]:
    """New columns behind up to ``reach`` earlier ones, and how many these are. Without a memory: none."""
    memory = _CURRENT.get()
    if memory is None or reach == 0:
        return new, 0
    place, past = memory.recall(new, reach)
    memory.keep(place, new, reach)
    return (np.concatenate([past, new], axis=-1), past.shape[-1]) if past.shape[-1] else (new, 0)


class Recurrent:
    """A quantity that goes on from its own last value.

    >>> total = Recurrent(amount)
    >>> total.keep(np.cumsum(amount, axis=-1) + total.last(otherwise=0.0))
    """

    def __init__(self, like: Array) -> None:
        self._memory = _CURRENT.get()
        self._place, self._past = (0, like[..., :0]) if self._memory is None else self._memory.recall(like, 1)

    def last(self, otherwise: float) -> Array:
        """[..., 1] the value before the first new column, ``otherwise`` at the start of the record."""
        if self._past.shape[-1]:
            return self._past
        return np.full((*self._past.shape[:-1], 1), otherwise, dtype=self._past.dtype)

    def keep(self, values: Array) -> Array:
        """The new values, remembered."""
        if self._memory is not None:
            self._memory.keep(self._place, np.asarray(values, dtype=self._past.dtype), 1)
        return values
