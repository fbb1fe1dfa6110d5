"""From when to when readings of substations are new, or others than before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
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

    @classmethod
    def of_records(cls, records: Iterable[tuple[int, datetime, datetime]]) -> Self:
        """From substation, start and end (aware) of each."""
        ids, starts, ends = zip(*records, strict=True) if (records := list(records)) else ((), (), ())
        return cls(np.array(ids, dtype=np.int64), _utc(starts), _utc(ends))

    def and_of(self, other: ChangedRanges) -> ChangedRanges:
        """These and those of other substations."""
        return ChangedRanges(
            np.append(self.substation_id, other.substation_id),
            np.append(self.start, other.start),
            np.append(self.end, other.end),
        )

    def __len__(self) -> int:
        return len(self.substation_id)


def _utc(times: Iterable[datetime]) -> TimeArray:
    return np.array([at.astimezone(UTC).replace(tzinfo=None) for at in times], dtype="datetime64[us]")
