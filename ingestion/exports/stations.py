"""What the grid knows of the substations that a file names: it settles zones, units and the order of dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class StationRecord(Protocol):
    """One substation: its zone, nameplate, newest reading (UTC), and the medians of its latest readings.

    ``usual_kva`` is of apparent power, ``usual_v`` line to line; None where it is not known.
    """

    @property
    def zone(self) -> str: ...
    @property
    def rated_kva(self) -> float | None: ...
    @property
    def nominal_v(self) -> float | None: ...
    @property
    def usual_kva(self) -> float | None: ...
    @property
    def usual_v(self) -> float | None: ...
    @property
    def newest(self) -> np.datetime64 | None: ...


@dataclass(frozen=True, slots=True)
class Plate:
    """A record whose figures are given."""

    zone: str = "UTC"
    rated_kva: float | None = None
    nominal_v: float | None = None
    usual_kva: float | None = None
    usual_v: float | None = None
    newest: np.datetime64 | None = None


# By code or name; None for a substation that does not exist yet.
Known = Callable[[str], StationRecord | None]


def nobody(_name: str) -> StationRecord | None:
    """No substation is known."""
    return None
