"""What trailing windows need of earlier steps, each quantity under its own name, so that new steps can be judged alone.

>>> store = HistoryStore(spare_steps=4)
>>> for part in parts:            # one record, cut anywhere along time
...     with store.advancing(part.shape[-1]) as history:
...         judge(part, history)  # the same numbers as judge(whole record, WHOLE_RECORD)

Code that looks back is given a ``History`` and asks for the past of a quantity by its name: ``history.of("oil_mean")``.
The order does not matter. It must ask for the same names every time, and for each of them once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class HistoryError(RuntimeError):
    """What is remembered does not fit what is asked: judge the whole record again."""


class HistoryStore:
    """Earlier columns of every named quantity, time on the last axis.

    spare_steps: so many newest steps can be taken back by ``rewind``, for readings that come late.
    rewindable_steps: how many can be now.
    """

    def __init__(self, spare_steps: int = 0) -> None:
        if spare_steps < 0:
            raise ValueError(f"spare_steps must be 0 or more; received {spare_steps}.")
        self.spare_steps = spare_steps
        self.rewindable_steps = 0
        self.seen_steps = 0
        self._kept: dict[str, Array] = {}
        self._asked: set[str] = set()

    @contextmanager
    def advancing(self, steps: int) -> Iterator[History]:
        """The history of one pass over so many new steps.

        Raises HistoryError at its end where a quantity was not asked for: its past would have a gap.
        """
        self._asked = set()
        yield History(self)
        if forgotten := self._kept.keys() - self._asked:
            raise HistoryError(f"The past of {sorted(forgotten)} was not asked for; it was, the time before.")
        self.seen_steps += steps
        self.rewindable_steps = min(self.spare_steps, self.rewindable_steps + steps)

    @property
    def bytes(self) -> int:
        """Size of what is kept."""
        return sum(kept.nbytes for kept in self._kept.values())

    @property
    def remembered(self) -> dict[str, Array]:
        """What is kept, by name: with the counts of steps all that another store needs to go on."""
        return dict(self._kept)

    def remember(self, kept: Mapping[str, Array], *, seen_steps: int, rewindable_steps: int) -> None:
        """Go on from what another store remembered."""
        self._kept, self.seen_steps, self.rewindable_steps = dict(kept), seen_steps, rewindable_steps

    def rewind(self, steps: int) -> None:
        """Take back the newest steps, to judge them again. HistoryError where these are too many."""
        if not 0 <= steps <= self.rewindable_steps:
            raise HistoryError(f"At most {self.rewindable_steps} steps can be taken back; asked for {steps}.")
        if steps:
            self._kept = {name: kept[..., : kept.shape[-1] - steps] for name, kept in self._kept.items()}
            self.seen_steps -= steps
            self.rewindable_steps -= steps

    def recall(self, name: str, new: Array, reach: int) -> Array:
        """Up to ``reach`` columns before the first one of ``new``; ``keep`` must follow."""
        if name in self._asked:
            raise HistoryError(f"The past of {name!r} was asked for twice in one pass: two quantities have one name.")
        self._asked.add(name)
        if name not in self._kept:
            if self.seen_steps:
                raise HistoryError(f"The past of {name!r} is asked for; it was not, the time before.")
            self._kept[name] = np.empty((*new.shape[:-1], 0), dtype=new.dtype)
        kept = self._kept[name]
        if kept.shape[:-1] != new.shape[:-1]:
            raise HistoryError(f"{name!r} has the shape {new.shape[:-1]}; the time before it was {kept.shape[:-1]}.")
        return kept[..., max(kept.shape[-1] - reach, 0) :]

    def keep(self, name: str, new: Array, reach: int) -> None:
        """Remember new columns of a quantity, and as many before them as windows and ``rewind`` may need."""
        kept = self._kept[name]
        whole = np.concatenate([kept, new], axis=-1) if kept.shape[-1] else new
        # A copy: a view would hold on to the whole array that it was cut from.
        self._kept[name] = whole[..., max(whole.shape[-1] - reach - self.spare_steps, 0) :].copy()


@dataclass(frozen=True, slots=True)
class Past:
    """The earlier columns of one quantity; none where the array at hand is a whole record."""

    store: HistoryStore | None
    name: str

    def before(self, new: Array, reach: int) -> tuple[Array, int]:
        """New columns behind up to ``reach`` earlier ones, and how many these are; the new ones are remembered."""
        if self.store is None or reach == 0:
            return new, 0
        past = self.store.recall(self.name, new, reach)
        self.store.keep(self.name, new, reach)
        return (np.concatenate([past, new], axis=-1), past.shape[-1]) if past.shape[-1] else (new, 0)

    def last(self, like: Array, otherwise: float) -> Array:
        """[..., 1] the value before the first column of ``like``, ``otherwise`` at the start of the record.

        For a quantity that goes on from its own last value; ``keep`` must follow.
        """
        past = like[..., :0] if self.store is None else self.store.recall(self.name, like, 1)
        return past if past.shape[-1] else np.full((*like.shape[:-1], 1), otherwise, dtype=like.dtype)

    def keep(self, values: Array, dtype: Any = np.float64) -> Array:
        """The values of a quantity that was asked for its ``last``, remembered."""
        if self.store is not None:
            self.store.keep(self.name, np.asarray(values, dtype=dtype), 1)
        return values


@dataclass(frozen=True, slots=True)
class History:
    """Where code that looks back finds the past of its quantities. ``path`` keeps the names of its callers apart."""

    store: HistoryStore | None
    path: str = ""

    def within(self, name: str) -> History:
        """The history of a part of the code: its names are its own."""
        return History(self.store, f"{self.path}{name}.")

    def of(self, name: str) -> Past:
        """The past of one quantity."""
        return Past(self.store, self.path + name)


WHOLE_RECORD = History(None)
"""The history of a record that is there as a whole: nothing came before it."""

NO_PAST = WHOLE_RECORD.of("")
