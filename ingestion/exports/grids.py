"""What a file holds: grids of cells as text, and what the format itself says."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestion.problems import Unreadable

MAX_COLUMNS = 2000
"""Chosen: ten quantities of two hundred substations; measured: to find out what each may mean takes some 2 ms."""

HEADER_WITHIN_LINES = 120  # chosen: longer than any preamble that was seen


class NoReadings(Unreadable):
    """The file was recognised, and no answer of a person could turn it into readings."""


@dataclass(frozen=True, slots=True)
class CellGrid:
    """Cells of one table as text; ``lines`` are the 1-based lines (rows of a sheet) that they came from."""

    rows: list[list[str]]
    lines: list[int]
    name: str = ""
    damaged: list[tuple[int, str]] = field(default_factory=list)


def refuse_too_wide(columns: int, line: int) -> None:
    """Before the cells of a line are looked at.

    Raises:
        Unreadable: it has more than ``MAX_COLUMNS``.
    """
    if columns > MAX_COLUMNS:
        raise Unreadable(
            f"Line {line:,} has {columns:,} columns or more; expected at most {MAX_COLUMNS:,}. Split the file by "
            "substations, or export one row per substation and time."
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file turned out to be. ``unit_said`` and ``zone_said`` are what the format itself fixes."""

    kind: str
    grids: list[CellGrid]
    encoding: str = ""
    delimiter: str = ""
    energy: str = ""
    zone_said: str = ""
