"""How a settled upload is loaded: kept as JSON beside it, so that every worker goes the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ingestion.file_formats import FileFormat
from ingestion.mapping import ColumnChoice
from ingestion.plan import ImportPlan

KEPT_PROBLEMS = 400  # chosen: as many as the reading of a whole file tells


@dataclass(frozen=True, slots=True)
class Lost:
    """What the conversion of a file left out: rows rejected, rows without values, and the lines that tell why."""

    rejected: int = 0
    empty: int = 0
    problems: list[tuple[int, str, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """``converted``: canonical rows beside the file are loaded in its place."""

    converted: bool
    form: FileFormat
    choices: Mapping[str, ColumnChoice]
    substation: str = ""
    time_zone: str = ""
    day_first: bool = True
    start: str = ""
    interval_s: int = 0
    allow_future: bool = False
    lost: Lost = field(default_factory=Lost)

    def to_json(self) -> dict[str, Any]:
        """As a plain dict."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LoadPlan:
        """The plan as it was stored."""
        lost = data["lost"]
        problems = [(line, name, got, want) for line, name, got, want in lost["problems"][:KEPT_PROBLEMS]]
        return cls(
            **{
                **data,
                "form": FileFormat.from_json(data["form"]),
                "lost": Lost(lost["rejected"], lost["empty"], problems),
            }
        )

    @property
    def import_plan(self) -> ImportPlan:
        """What validation follows."""
        return ImportPlan(
            choices=self.choices,
            substation=self.substation,
            time_zone=self.time_zone,
            day_first=self.day_first,
            decimal=self.form.decimal,
            start=np.datetime64(self.start, "us") if self.start else None,
            interval_s=self.interval_s,
            allow_future=self.allow_future,
        )
