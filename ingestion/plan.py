"""What must be known besides the file itself: the substations, and how the file is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ingestion.mapping import CLOCK, DATE, SUBSTATION, TIMESTAMP, ColumnChoice
from substations.channels import BY_NAME


@dataclass(frozen=True, slots=True)
class KnownSubstations:
    """What validation must know of the substations: id by code or name (case folded), time zone by id.

    kept_from: by id, of those whose older readings were deleted by the retention, from when on they are kept (UTC).
    """

    ids: Mapping[str, int]
    zones: Mapping[int, str]
    kept_from: Mapping[int, np.datetime64] = field(default_factory=dict)

    def codes(self) -> str:
        """A few of the known codes, for a message."""
        known = list(self.ids)
        return ", ".join(known[:8]) + (", …" if len(known) > 8 else "") if known else "none yet"


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How to read one file: its mapping, and what the file itself does not say.

    ``substation`` is for a file without such a column; an empty ``time_zone`` means each substation's own.
    ``start`` (local) and ``interval_s`` are for a file without time: rows are then that far apart, per substation.
    With ``strict`` a cell that is no number or out of bounds rejects its row, else it is told and missing.
    """

    choices: Mapping[str, ColumnChoice]
    substation: str = ""
    time_zone: str = ""
    day_first: bool = True
    decimal: str = "."
    start: np.datetime64 | None = None
    interval_s: int = 0
    allow_future: bool = False
    strict: bool = False

    def column(self, target: str) -> str | None:
        """The header that is mapped to a role or channel."""
        return next((header for header, choice in self.choices.items() if choice.get("target") == target), None)

    @property
    def numbers(self) -> list[str]:
        return [header for header, choice in self.choices.items() if choice.get("target") in BY_NAME]

    @property
    def texts(self) -> list[str]:
        return [h for role in (TIMESTAMP, DATE, CLOCK, SUBSTATION) if (h := self.column(role)) is not None]
