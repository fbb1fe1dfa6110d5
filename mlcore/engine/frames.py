"""Checked and scaled input of a model, features first, so that every step of all windows is one contiguous slice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .scaling import RobustScaler

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]
Float32 = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Frame:
    """inputs: [substation, feature, time], the channels first, then the context, 0 where missing.

    present: [substation, channel, time], 1.0 where a value was measured. first: place of the first row.
    target: [substation, channel, time], what is to be written; None: the channels themselves.
    """

    inputs: Float32
    present: Float32
    first: int = 0
    target: Float32 | None = None

    @property
    def channels(self) -> int:
        return int(self.present.shape[1])

    @property
    def any_present(self) -> BoolArray:
        """[substation, time] where at least one channel was measured."""
        return np.asarray(self.present.any(axis=1))

    def only(self, rows: BoolArray) -> Frame:
        """The marked rows [time] alone, moved together."""
        return replace(self, inputs=self.inputs[:, :, rows], present=self.present[:, :, rows])

    @property
    def wanted(self) -> Float32:
        """[substation, channel, time] what a model should write."""
        return self.inputs[:, : self.channels] if self.target is None else self.target

    def part(self, substations: slice | IntArray, start: int, stop: int) -> Frame:
        """Some substations between two rows."""
        rows = slice(start, stop)
        target = None if self.target is None else self.target[substations, :, rows]
        return Frame(self.inputs[substations, :, rows], self.present[substations, :, rows], start, target)


def as_frame(values: FloatArray, context: FloatArray | None, scaler: RobustScaler) -> Frame:
    """Scale values [substation, time, channel] and put the context behind them.

    Raises ValueError for another number of axes or channels, a context of another length, or one with NaN.
    """
    checked_rows(values, None)
    if values.shape[-1] != scaler.centre.shape[-1]:
        raise ValueError(f"The model learned {scaler.centre.shape[-1]} channels; received {values.shape[-1]}.")
    scaled = scaler.scale(values).transpose(0, 2, 1)
    present = np.isfinite(scaled)
    parts = [np.where(present, scaled, np.float32(0.0))]
    if context is not None:
        parts.append(_context(context, values.shape))
    return Frame(np.ascontiguousarray(np.concatenate(parts, axis=1)), present.astype(np.float32))


def checked_rows(values: FloatArray, rows: BoolArray | None) -> BoolArray:
    """[substation, time] rows to learn from, after a check of both arrays."""
    if values.ndim != 3:
        raise ValueError(f"values must have the shape [substation, time, channel]; received {values.shape}.")
    if not np.issubdtype(values.dtype, np.number):
        raise ValueError(f"values must be numbers; received the type {values.dtype}.")
    if np.isinf(values).any():
        raise ValueError("values must be finite or NaN (missing); received infinite ones.")
    if rows is None:
        return np.ones(values.shape[:2], dtype=bool)
    if rows.dtype != np.bool_ or rows.shape not in (values.shape[:2], values.shape[1:2]):
        raise ValueError(
            f"rows must be booleans of the shape {values.shape[1:2]} or {values.shape[:2]}; "
            f"received {rows.dtype} of {rows.shape}."
        )
    return np.array(np.broadcast_to(rows, values.shape[:2]))


def _context(context: FloatArray, shape: tuple[int, ...]) -> Float32:
    if context.ndim not in (2, 3) or context.shape[:-1] not in (shape[:2], shape[1:2]):
        raise ValueError(
            f"context must have the shape [time, feature] or [substation, time, feature] for values of {shape}; "
            f"received {context.shape}."
        )
    if not np.isfinite(context).all():
        raise ValueError("context must be known for every row; received values that are not finite.")
    whole = np.broadcast_to(context, (*shape[:2], context.shape[-1]))
    return whole.transpose(0, 2, 1).astype(np.float32)
