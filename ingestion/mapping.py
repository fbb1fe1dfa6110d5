"""What a column of a plain table is for the reader that goes through it in blocks, as a plain dict."""

from __future__ import annotations

from typing import TypedDict

TIMESTAMP, DATE, CLOCK, SUBSTATION = "timestamp", "date", "time", "substation"
ROLES = (TIMESTAMP, DATE, CLOCK, SUBSTATION)


class ColumnChoice(TypedDict, total=False):
    """A role or a channel, and what turns the number in the file into the stored one: × ``scale`` + ``offset``."""

    target: str
    scale: float
    offset: float
