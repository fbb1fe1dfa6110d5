"""What is wrong with single lines, kept as columns so that a million of them cost no Python loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.object_]

# chosen: what a cell of the table of problems can show.
MAX_RECEIVED_LENGTH = 120
# A file of a million bad lines is counted in full, but only so many of them are worth telling.
KEPT_OF_A_KIND = 10_000


class Unreadable(Exception):
    """The whole file cannot be used; the message names what was received and what was expected."""


@dataclass(frozen=True, slots=True)
class Problems:
    """One entry per problem: 1-based line, field, received text, and what was expected instead."""

    lines: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    fields: TextArray = field(default_factory=lambda: np.empty(0, object))
    received: TextArray = field(default_factory=lambda: np.empty(0, object))
    expected: TextArray = field(default_factory=lambda: np.empty(0, object))

    def __len__(self) -> int:
        return len(self.lines)

    def rows(self) -> Iterator[tuple[int, str, str, str]]:
        """Line, field, received and expected of each problem."""
        columns = (self.lines, self.fields, self.received, self.expected)
        return zip(*(column.tolist() for column in columns), strict=True)

    def first(self, count: int) -> Problems:
        """The ``count`` problems with the lowest line numbers."""
        order = np.argsort(self.lines, kind="stable")[:count]
        return Problems(self.lines[order], self.fields[order], self.received[order], self.expected[order])


def at_lines(lines: IntArray, where: BoolArray, name: str, received: TextArray, expected: str) -> Problems:
    """The same complaint for the first 10,000 rows where ``where`` is true; arrays run along the rows."""
    rows = np.flatnonzero(where)[:KEPT_OF_A_KIND]
    if not len(rows):
        return Problems()
    return Problems(
        lines[rows],
        np.full(len(rows), name, dtype=object),
        shorten(received[rows]),
        np.full(len(rows), expected, dtype=object),
    )


class RowJudgement:
    """Collects complaints about the rows of a block; a row is bad from its first complaint on, and is counted once."""

    def __init__(self, lines: IntArray, complaints: Sequence[Problems] = ()) -> None:
        self.lines = lines
        self.bad: BoolArray = np.zeros(len(lines), dtype=bool)
        self.complaints = list(complaints)

    def complain(self, where: BoolArray, name: str, received: TextArray, expected: str) -> None:
        """Mark rows as bad; each keeps the first thing that was wrong with it."""
        self.complaints.append(at_lines(self.lines, where & ~self.bad, name, received, expected))
        self.bad |= where

    def note(self, where: BoolArray, name: str, received: TextArray, expected: str) -> None:
        """Tell of single cells that are left out; the rest of their rows is good."""
        self.complaints.append(at_lines(self.lines, where & ~self.bad, name, received, expected))


def join(parts: Sequence[Problems]) -> Problems:
    """Several sets of problems as one."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return Problems()
    return Problems(
        np.concatenate([part.lines for part in parts]),
        np.concatenate([part.fields for part in parts]),
        np.concatenate([part.received for part in parts]),
        np.concatenate([part.expected for part in parts]),
    )


def shorten(texts: TextArray) -> TextArray:
    """Cut to what a table cell can show, with characters that no database refuses."""
    cut = np.empty(len(texts), dtype=object)
    cut[:] = [printable(str(text)) for text in texts]
    return cut


def printable(text: str) -> str:
    """The text without control characters or lone surrogates, at most 120 characters long."""
    kept = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: MAX_RECEIVED_LENGTH + 1])
    return kept if len(kept) <= MAX_RECEIVED_LENGTH else kept[: MAX_RECEIVED_LENGTH - 1] + "…"
