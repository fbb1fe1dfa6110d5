"""From when to when readings of substations are new, or others than before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from ingestion.problems import IntArray
from ingestion.timestamps import TimeArray
from ingestion.validation import ReadingRows


@dataclass(frozen=True, slots=True)
class ChangedRanges:
    """A range of each substation: ``start`` and ``end`` (UTC, both within) beside ``substation_id``."""

    substation_id: IntArray
    start: TimeArray
    end: TimeArray

    @classmethod
    def of(cls, rows: ReadingRows) -> Self:
        """From the first to the last row of each substation; the rows are sorted by substation and time."""
        new = np.flatnonzero(np.diff(rows.substation_id, prepend=-1))
        last = np.append(new[1:], len(rows))[: len(new)] - 1
        return cls(rows.substation_id[new], rows.at[new], rows.at[last])

    def and_of(self, other: ChangedRanges) -> ChangedRanges:
        """These and those of other substations."""
        return ChangedRanges(
            np.append(self.substation_id, other.substation_id),
            np.append(self.start, other.start),
            np.append(self.end, other.end),
        )

    def __len__(self) -> int:
        return len(self.substation_id)
