"""Robust scaling: what is usual becomes about −1 to 1, and what is wild is cut off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]

QUARTILES_OF_NORMAL = 1.349
"""Distance of the quartiles of a normal distribution over its standard deviation, 2 · 0.6745."""

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median deviation, 1 / 0.6745."""

MIN_SPREAD = 1e-6
"""Chosen: a channel that moves less than this is a constant, with what float32 makes of it."""


@dataclass(frozen=True)
class RobustScaler:
    """Centre and spread of each channel of each substation, [substation, channel].

    The centre is the median, the spread the distance of the quartiles over 1.349 (so that it is the standard
    deviation where values are normally distributed); half of the rows may be wrong before they move.

    >>> scaler = RobustScaler.fit(np.arange(9.0).reshape(1, 9, 1))
    >>> float(scaler.centre[0, 0]), bool(np.isclose(scaler.spread[0, 0], 4 / 1.349))
    (4.0, True)
    """

    centre: FloatArray
    spread: FloatArray
    clip: float = 6.0

    @classmethod
    def fit(cls, values: FloatArray, rows: BoolArray | None = None, clip: float = 6.0) -> RobustScaler:
        """Learn from the marked rows [substation, time] of values [substation, time, channel], NaN left out.

        A channel that never changes gets the spread 1, one that was never seen the centre 0 too.
        """
        if clip <= 0:
            raise ValueError(f"clip must be above 0; received {clip}.")
        used = values if rows is None else np.where(rows[..., None], values, np.nan)
        low, centre, high = _quartiles(used)
        deviation = _quartiles(np.abs(used - centre[:, None, :]))[1] * MAD_TO_SIGMA
        spread = (high - low) / QUARTILES_OF_NORMAL
        spread = np.where(spread > MIN_SPREAD, spread, deviation)
        spread = np.where(spread > MIN_SPREAD, spread, 1.0)
        return cls(np.nan_to_num(centre).astype(np.float32), spread.astype(np.float32), clip)

    def scale(self, values: FloatArray) -> npt.NDArray[np.float32]:
        """Scaled and clipped values, float32; NaN stays NaN."""
        scaled = (values - self.centre[:, None, :]) / self.spread[:, None, :]
        return np.clip(scaled, -self.clip, self.clip).astype(np.float32)

    def restore(self, scaled: FloatArray) -> FloatArray:
        """Scaled values [substation, time, channel] in the units of the channels."""
        return np.asarray(scaled * self.spread[:, None, :] + self.centre[:, None, :])

    def to_arrays(self) -> dict[str, FloatArray]:
        """Arrays with a leading substation axis."""
        return {"scaler_centre": self.centre, "scaler_spread": self.spread}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray], clip: float) -> RobustScaler:
        """The scaler that ``to_arrays`` took apart."""
        return cls(np.asarray(arrays["scaler_centre"]), np.asarray(arrays["scaler_spread"]), clip)


def _quartiles(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """[substation, channel] quartiles over time; NaN where nothing is present."""
    ordered = np.sort(values, axis=1)
    count = np.isfinite(ordered).sum(axis=1, keepdims=True)
    last = np.maximum(count - 1, 0)
    found = []
    for share in (0.25, 0.5, 0.75):
        low = np.floor(share * last).astype(np.int64)
        high = np.minimum(low + 1, last)
        at_low, at_high = (np.take_along_axis(ordered, index, axis=1) for index in (low, high))
        found.append((at_low + (share * last - low) * (at_high - at_low))[:, 0])
    return found[0], found[1], found[2]
