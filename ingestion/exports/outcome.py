"""What a file was read as: the plan of its columns, its rows, and what is still to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ingestion.exports.answers import ExportQuestion
from ingestion.problems import FloatArray, IntArray
from ingestion.timestamps import TimeArray
from substations.channels import CHANNELS


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What one column is taken for: quantity "" where it is left out."""

    header: str
    quantity: str
    unit: str
    factor: float
    sureness: str
    why: str


@dataclass(frozen=True, slots=True)
class TextTable:
    """Where the rows of a plain table stand in its file: what a reader needs that goes through it in blocks."""

    headers: tuple[str, ...]
    first_line: int
    decimal: str
    samples: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class Interpretation:
    """The whole of a file: rows as columns (``values`` [row, channel]) sorted by station and time, and the plan.

    ``accepted`` are the questions whose best guess a person accepted; they are not asked.
    """

    kind: str
    layout: str = "wide"
    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    columns: list[ColumnPlan] = field(default_factory=list)
    questions: list[ExportQuestion] = field(default_factory=list)
    rows_read: int = 0
    rows_rejected: int = 0
    problems: list[tuple[int, str, str, str]] = field(default_factory=list)
    stations: list[str] = field(default_factory=list)
    named: tuple[str, ...] = ()
    at: TimeArray = field(default_factory=lambda: np.empty(0, "datetime64[us]"))
    values: FloatArray = field(default_factory=lambda: np.empty((0, len(CHANNELS))))
    derived: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    lines: list[int] = field(default_factory=list)
    interval_s: int = 0
    time_zone: str = ""
    date_order: str = ""
    sheets: tuple[str, ...] = ()
    table: TextTable | None = None
    accepted: Sequence[str] = ()

    def ask(self, about: str, text: str, column: str | None = None, choices: tuple[str, ...] = ()) -> None:
        """Add a question once."""
        known = any(q.about == about and (q.column == column or q.text == text) for q in self.questions)
        if not known and about not in self.accepted:
            self.questions.append(ExportQuestion(about, text, column, choices))

    @property
    def measured(self) -> np.ndarray:
        """Which values [row, channel] were measured, or composed of what was, rather than derived."""
        bits = (self.derived[:, None] >> np.arange(len(CHANNELS))) & 1
        found: np.ndarray = np.isfinite(self.values) & (bits == 0)
        return found
