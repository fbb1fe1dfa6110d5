"""Rows of one time each: what every layout of a file is turned into."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingestion.exports.meaning import Meaning


@dataclass(slots=True)
class Series:
    """One column of a table with a row per time."""

    meaning: Meaning
    cells: list[str]

    @property
    def header(self) -> str:
        return self.meaning.header


@dataclass(slots=True)
class Shaped:
    """Rows of one time each. Times as text: ``stamps`` with a date, ``clocks`` beside a bare date, or ``blocks``."""

    layout: str
    series: list[Series]
    lines: list[int]
    stamps: list[str] | None = None
    clocks: list[str] | None = None
    blocks: list[str] | None = None
    block_name: str = ""
    offsets: list[str] | None = None
    stations: list[str] | None = None
    stamp_header: str = ""
    clock_header: str = ""
    other: list[Meaning] = field(default_factory=list)
    interval_s: int = 0
    doubts: list[tuple[str, str]] = field(default_factory=list)  # header, and what of it is to be asked
    stamp_unit: str = ""
