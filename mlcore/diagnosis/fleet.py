"""The input of the diagnosis: readings of a fleet on one regular time grid, with nameplates and topology."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from mlcore.diagnosis.terms import DAY_S, HOUR_S
from substations.channels import CHANNEL_INDEX, CHANNEL_NAMES
from substations.electrical.nameplate import Nameplate
from substations.electrical.power import BoolArray, FloatArray
from substations.electrical.topology import Segment

IntArray = npt.NDArray[np.int64]

_EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday


@dataclass(frozen=True)
class Fleet:
    """Readings of several substations.

    codes: one per substation.
    at_s: [time], UTC epoch seconds on a regular grid of ``interval_s``.
    values: [substation, time, channel] in the order of ``substations.channels``; NaN is missing.
    nameplates: one per substation (see ``substations.electrical.nameplate.complete``).
    segments: the network; empty where it is not known.
    utc_offset_s: what the local clock is ahead of UTC: one number, or [time] where it changes.
    groups: [substation] numbers from 0: only substations of one group are each other's neighbours. None: all are.
    group size: [substation, 1] how many substations there are in the group of each.
    """

    codes: tuple[str, ...]
    at_s: IntArray
    interval_s: int
    values: FloatArray
    nameplates: tuple[Nameplate, ...]
    segments: tuple[Segment, ...] = ()
    utc_offset_s: int | IntArray = 0
    groups: IntArray | None = None
    group_size: IntArray = field(default_factory=lambda: np.zeros((0, 1), dtype=np.int64))

    def __post_init__(self) -> None:
        wanted = (len(self.codes), len(self.at_s), len(CHANNEL_NAMES))
        if self.values.shape != wanted:
            raise ValueError(
                f"values must have the shape [substation, time, channel] {wanted}; received {self.values.shape}."
            )
        if len(self.nameplates) != len(self.codes):
            raise ValueError(
                f"One nameplate per substation is needed; received {len(self.nameplates)} for {len(self.codes)}."
            )
        if not 1 <= self.interval_s <= DAY_S:
            raise ValueError(f"interval_s must be between 1 and {DAY_S} seconds; received {self.interval_s}.")
        steps = np.diff(self.at_s)
        if np.any(steps != self.interval_s):
            wrong = int(steps[steps != self.interval_s][0])
            raise ValueError(f"at_s must rise by {self.interval_s} s at every step; received a step of {wrong} s.")
        if len(self.group_size) != len(self.codes):
            groups = np.zeros(len(self.codes), dtype=np.int64) if self.groups is None else self.groups
            object.__setattr__(self, "group_size", np.bincount(groups)[groups][:, None])

    def channel(self, name: str) -> FloatArray:
        """[substation, time] of one channel by its name."""
        return self.values[:, :, CHANNEL_INDEX[name]]

    def channels(self, *names: str) -> FloatArray:
        """[substation, time, name] of several channels."""
        return self.values[:, :, [CHANNEL_INDEX[name] for name in names]]

    @property
    def local_s(self) -> IntArray:
        """[time], seconds of the local clock since 1970-01-01 00:00 local."""
        return np.asarray(self.at_s + self.utc_offset_s, dtype=np.int64)

    @property
    def hour(self) -> FloatArray:
        """[time], local hour of the day in [0, 24)."""
        return (self.local_s % DAY_S) / HOUR_S

    @property
    def weekend(self) -> BoolArray:
        """[time], True on Saturday and Sunday of the local calendar."""
        return (self.local_s // DAY_S + _EPOCH_WEEKDAY) % 7 >= 5

    def steps(self, hours: float) -> int:
        """Number of grid steps in a duration, at least one."""
        return max(1, round(hours * HOUR_S / self.interval_s))

    def since(self, start_s: int) -> Fleet:
        """The same fleet from a moment on."""
        first = int(np.searchsorted(self.at_s, start_s))
        offset = self.utc_offset_s
        cut = offset if isinstance(offset, int) else offset[first:]
        return replace(self, at_s=self.at_s[first:], values=self.values[:, first:], utc_offset_s=cut)

    def until(self, steps: int) -> Fleet:
        """The first so many steps of the fleet."""
        offset = self.utc_offset_s
        cut = offset if isinstance(offset, int) else offset[:steps]
        return replace(self, at_s=self.at_s[:steps], values=self.values[:, :steps], utc_offset_s=cut)

    def followed_by(self, later: Fleet) -> Fleet:
        """The same substations over these steps and those of ``later``, which come right after them."""
        offsets = [
            np.broadcast_to(np.asarray(each.utc_offset_s, dtype=np.int64), each.at_s.shape) for each in (self, later)
        ]
        return replace(
            self,
            at_s=np.concatenate([self.at_s, later.at_s]),
            values=np.concatenate([self.values, later.values], axis=1),
            utc_offset_s=np.concatenate(offsets),
        )

    def only(self, codes: Sequence[str]) -> Fleet:
        """The same fleet with these substations alone, in the order given."""
        rows = [self.codes.index(code) for code in codes]
        plates = tuple(self.nameplates[row] for row in rows)
        groups = None if self.groups is None else self.groups[rows]
        group_size = np.zeros((0, 1), dtype=np.int64)
        return replace(
            self, codes=tuple(codes), values=self.values[rows], nameplates=plates, groups=groups, group_size=group_size
        )


def beside(fleets: Sequence[Fleet]) -> Fleet:
    """Fleets of one time grid as one in which each keeps its own neighbours. ValueError where the grids differ."""
    first = fleets[0]
    for fleet in fleets:
        if fleet.interval_s != first.interval_s or not np.array_equal(fleet.at_s, first.at_s):
            raise ValueError(f"The fleets of {first.codes[0]} and {fleet.codes[0]} do not lie on one time grid.")
    return replace(
        first,
        codes=tuple(code for fleet in fleets for code in fleet.codes),
        values=np.concatenate([fleet.values for fleet in fleets]),
        nameplates=tuple(plate for fleet in fleets for plate in fleet.nameplates),
        segments=tuple(segment for fleet in fleets for segment in fleet.segments),
        groups=np.repeat(np.arange(len(fleets)), [len(fleet.codes) for fleet in fleets]),
        group_size=np.concatenate([fleet.group_size for fleet in fleets]),
    )
