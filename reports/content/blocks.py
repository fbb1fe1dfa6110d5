"""What a report is made of; how it looks is the writer's business. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import Enum

from losses.sums_of_money import Money

Cell = str | float | int | date | datetime | Money | None
"""None is not known: a dash on paper, an empty cell in a sheet."""


class CellKind(Enum):
    """What a column holds, hence how it is aligned and written."""

    TEXT = "text"
    CODE = "code"
    NUMBER = "number"
    COUNT = "count"
    POWER_FACTOR = "power factor"
    SHARE = "share"
    MONEY = "money"
    MOMENT = "moment"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """width: on paper, relative to the others."""

    label: str
    kind: CellKind = CellKind.TEXT
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """name: of its sheet. max_printed: rows on paper; the sheet has all."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    max_printed: int = 40


@dataclass(frozen=True, slots=True)
class Figure:
    """One leading figure: as it is written, and as a number where it is one."""

    label: str
    text: str
    detail: str = ""
    value: Cell = None
    unit: str = ""
    kind: CellKind = CellKind.NUMBER


@dataclass(frozen=True, slots=True)
class Figures:
    items: Sequence[Figure]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """is_small: an aside."""

    text: str
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """Short sentences, one below the other."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """series: by name, as many values as labels. is_ranking: bars from left to right, else columns over time."""

    name: str
    title: str
    unit: str
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[float | None]]]
    is_ranking: bool = False


Block = Table | Figures | Text | Points | Chart


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: Sequence[Block]
    starts_page: bool = False


@dataclass(frozen=True, slots=True)
class ReportContent:
    """zone: the clock of all times in it."""

    title: str
    subtitle: str
    zone: tzinfo
    sections: Sequence[Section]
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def blocks(self) -> list[Block]:
        return [block for section in self.sections for block in section.blocks]
