"""What every model of the engine has in common: scale, cut windows, reconstruct, compare, judge."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from .fitted import WEIGHT, Array, Arrays, Fitted
from .frames import Frame, as_frame, checked_rows
from .scaling import RobustScaler
from .thresholds import exceeded_share, quantile_threshold
from .windows import filled_windows, kept_back, pure_windows

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.floating]
Float32 = npt.NDArray[np.float32]

CHUNK = 1024
"""Windows in a piece of work; a model may take as many as fit into the cache for its width."""
TOGETHER = 192
"""Chosen: substations judged in a piece of work, so that its arrays stay small whatever the fleet is."""
MIN_ERROR = 1e-3
"""Chosen: least scale of an error, in spreads: a channel that is met exactly must not make every other one nothing."""


class NotFittedError(RuntimeError):
    """The model has to learn before it can judge."""


@dataclass
class Reconstruction(Fitted):
    """A model that is fitted to normal windows and judges a row by how badly the window up to it is reconstructed.

    window_steps: rows of a window. judged_steps: the newest rows of it that count (None: all).
    latent: width of the bottleneck. clip: how many spreads from the median a scaled value can be.
    holdout: share of the rows that is kept back from learning; holdout_block: rows in a block of it.
    threshold_share, threshold_factor: the threshold is this quantile of the held-out scores times this factor.
    seed: same seed, same data → same model on the same machine.

    Fitted: scaler_ and arrays_ (all with a leading substation axis), from which threshold_, heldout_error_ and
    exceeded_share_ [substation] are read.
    """

    window_steps: int = 24
    judged_steps: int | None = None
    latent: int = 8
    holdout: float = 0.2
    holdout_block: int | None = None
    threshold_share: float = 0.97
    threshold_factor: float = 1.5
    seed: int = 0

    def __post_init__(self) -> None:
        judged = self.judged_steps
        if self.window_steps < 2:
            raise ValueError(f"window_steps must be at least 2; received {self.window_steps}.")
        if judged is not None and not 1 <= judged <= self.window_steps:
            raise ValueError(f"judged_steps must be between 1 and window_steps {self.window_steps}; received {judged}.")
        if self.latent < 1:
            raise ValueError(f"latent must be at least 1; received {self.latent}.")

    @abstractmethod
    def _learn(self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray) -> Arrays:
        """Weights [substation, …] learned from the windows that end at ``ends`` [substation, time]."""

    @abstractmethod
    def _decode(self, weights: Mapping[str, Array], inputs: Float32) -> Iterator[Float32]:
        """For each step of the windows of inputs [substation, feature, time]: [substation, channel, window]."""

    def fit(self, values: FloatArray, *, context: FloatArray | None = None, rows: BoolArray | None = None) -> Self:
        """Learn what is normal from values [substation, time, channel]; NaN is missing.

        context: [time, feature] or [substation, time, feature], known beforehand, about −1 to 1 (the hour, the
        weekend): helps to reconstruct, is not judged. rows: [time] or [substation, time], which rows may be learned.

        1. keep whole blocks back; 2. scale by the others; 3. learn their windows; 4. the usual error of each channel
        and the threshold from the windows kept back.

        Raises ValueError for arrays that do not fit each other, and where no substation has a full window.
        """
        wanted = checked_rows(values, rows)
        block = self.holdout_block or 4 * self.window_steps
        kept = kept_back(values.shape[1], block, self.holdout)
        self.arrays_ = RobustScaler.fit(values, wanted & ~kept, self.clip).to_arrays()
        frame = as_frame(values, context, self.scaler_)
        self.channels_, self.context_ = frame.channels, frame.inputs.shape[1] - frame.channels
        ends = self._windows(frame, wanted & ~kept)
        if not ends.any():
            raise ValueError(
                f"No window of {self.window_steps} usable rows in succession; received {values.shape[1]} rows, "
                f"{int(wanted.sum())} of them to be learned from. Give a longer record or a shorter window."
            )
        heldout, heldout_ends = frame.only(kept), self._windows(frame, wanted & kept)[:, kept]
        weights = self._learn(frame, ends, heldout, heldout_ends)
        self.arrays_ |= {WEIGHT + name: value for name, value in weights.items()}
        self.arrays_["windows"] = ends.sum(axis=1)
        self._calibrate(heldout, heldout_ends)
        return self

    def _windows(self, frame: Frame, rows: BoolArray) -> BoolArray:
        return pure_windows(rows, self.window_steps) & filled_windows(frame.any_present, self.window_steps)

    def _calibrate(self, heldout: Frame, ends: BoolArray) -> None:
        errors = np.where(ends[:, None], self._errors(heldout, self._weights()), np.nan)
        count = np.isfinite(errors).sum(axis=-1)
        usual = np.nansum(errors, axis=-1) / np.maximum(count, 1)
        self.arrays_["error_scale"] = np.where(count > 0, np.maximum(usual, MIN_ERROR), 1.0).astype(np.float32)
        seen = (count > 0).sum(axis=1)
        self.arrays_["heldout_error"] = np.where(seen > 0, usual.sum(axis=1) / np.maximum(seen, 1), np.nan)
        scores = self._combined(errors)
        threshold = quantile_threshold(scores, self.threshold_share, self.threshold_factor)
        self.arrays_["threshold"] = threshold
        self.arrays_["exceeded_share"] = exceeded_share(scores, threshold)

    def score(self, values: FloatArray, *, context: FloatArray | None = None) -> Float32:
        """[substation, time] how abnormal each row is, higher is more; NaN where no full window ends.

        The root mean square over the channels of (error of the window ÷ usual error on normal rows): about 1 is usual.
        """
        return self._combined(self._errors(self._frame(values, context), self._weights()))

    def score_newest(self, values: FloatArray, *, context: FloatArray | None = None) -> Float32:
        """[substation] the score of the newest row alone: of ``score`` its last column, for the price of one window."""
        checked_rows(values, None)
        rows = slice(-self.window_steps, None)
        if context is not None and context.shape[-2:-1] != values.shape[1:2]:
            raise ValueError(f"context must have the {values.shape[1]} rows of values; received {context.shape}.")
        known = None if context is None else context[..., rows, :]
        return self.score(values[:, rows], context=known)[:, -1]

    def contributions(self, values: FloatArray, *, context: FloatArray | None = None) -> Float32:
        """[substation, time, channel] what each channel adds to the score; they add up to it."""
        ratio = self._ratio(self._errors(self._frame(values, context), self._weights()))
        square = np.where(np.isfinite(ratio), ratio, 0.0) ** 2
        total = square.sum(axis=1, keepdims=True)
        share = square / np.maximum(total, 1e-12)
        return np.asarray((share * self._combined_ratio(ratio)[:, None]).transpose(0, 2, 1))

    def reconstruction(self, values: FloatArray, *, context: FloatArray | None = None) -> FloatArray:
        """[substation, time, channel] each row as the model rebuilds it from the window up to it."""
        return self.score_and_reconstruction(values, context=context)[1]

    def score_and_reconstruction(
        self, values: FloatArray, *, context: FloatArray | None = None
    ) -> tuple[Float32, FloatArray]:
        """``score`` and ``reconstruction`` for the price of one."""
        errors, newest = self._compare(self._frame(values, context), self._weights())
        return self._combined(errors), self.scaler_.restore(newest.transpose(0, 2, 1))

    def _frame(self, values: FloatArray, context: FloatArray | None) -> Frame:
        if not self.arrays_:
            raise NotFittedError(f"{type(self).__name__} has not learned anything yet; call fit first.")
        if len(values) != len(self):
            raise ValueError(f"The model knows {len(self)} substations; received values of {len(values)}.")
        frame = as_frame(values, context, self.scaler_)
        features = frame.inputs.shape[1] - frame.channels
        if (frame.channels, features) != (self.channels_, self.context_):
            raise ValueError(
                f"The model learned {self.channels_} channels and {self.context_} context features; received "
                f"{frame.channels} and {features}."
            )
        return frame

    def _errors(self, frame: Frame, weights: Mapping[str, Array]) -> Float32:
        """[substation, channel, time] mean absolute error of the window that ends here, in spreads."""
        return self._compare(frame, weights)[0]

    def _compare(self, frame: Frame, weights: Mapping[str, Array]) -> tuple[Float32, Float32]:
        """The errors, and the scaled reconstruction of the newest row of each window; NaN where no full one ends."""
        full = filled_windows(frame.any_present, self.window_steps)
        errors = np.full((len(full), frame.channels, full.shape[1]), np.nan, np.float32)
        newest = errors.copy()
        for rows, part in self._chunks(frame):
            place = slice(part.first + self.window_steps - 1, part.first + part.inputs.shape[-1])
            total, newest[rows, :, place] = self._summed(part, _taken(weights, rows))
            with np.errstate(divide="ignore", invalid="ignore"):
                errors[rows, :, place] = total / self._judged_count(part.present)
        nowhere = np.broadcast_to(~full[:, None], errors.shape)
        errors[nowhere] = newest[nowhere] = np.nan
        return errors, newest

    def _summed(self, part: Frame, weights: Mapping[str, Array]) -> tuple[Float32, Float32]:
        """[substation, channel, window] absolute errors added up over the judged steps, and the newest values."""
        count = part.inputs.shape[-1] - self.window_steps + 1
        skipped = self.window_steps - (self.judged_steps or self.window_steps)
        total = np.zeros((len(part.inputs), part.channels, count), np.float32)
        gap, is_whole = np.empty_like(total), bool(part.present.all())
        for step, decoded in enumerate(self._decode(weights, part.inputs)):
            if step >= skipped:
                np.subtract(part.inputs[:, : part.channels, step : step + count], decoded, out=gap)
                np.abs(gap, out=gap)
                if not is_whole:
                    gap *= part.present[:, :, step : step + count]
                total += gap
        return total, decoded

    def _judged_count(self, present: Float32) -> Float32:
        """[substation, channel, window] number of present values among the judged steps."""
        judged = self.judged_steps or self.window_steps
        total = np.cumsum(np.pad(present, ((0, 0), (0, 0), (1, 0))), axis=-1, dtype=np.float32)
        return np.asarray(total[..., self.window_steps :] - total[..., self.window_steps - judged : -judged])

    def _chunks(self, frame: Frame) -> Iterator[tuple[slice, Frame]]:
        """Pieces of the frame that fit into the cache: many substations of a few rows, or one of many."""
        substations, _, length = frame.inputs.shape
        windows = length - self.window_steps + 1
        if windows < 1:
            return
        together, at_once = max(1, TOGETHER // windows), self._windows_at_once()
        for row in range(0, substations, together):
            for first in range(0, windows, at_once):
                rows = slice(row, min(row + together, substations))
                yield rows, frame.part(rows, first, min(first + at_once, windows) + self.window_steps - 1)

    def _windows_at_once(self) -> int:
        return CHUNK

    def _ratio(self, errors: Float32) -> Float32:
        return np.asarray(errors / self.arrays_["error_scale"][:, :, None])

    def _combined(self, errors: Float32) -> Float32:
        return self._combined_ratio(self._ratio(errors))

    @staticmethod
    def _combined_ratio(ratio: Float32) -> Float32:
        known = np.isfinite(ratio)
        square = np.where(known, ratio, 0.0) ** 2
        count = known.sum(axis=1)
        return np.where(count > 0, np.sqrt(square.sum(axis=1) / np.maximum(count, 1)), np.nan).astype(np.float32)


def _taken(weights: Mapping[str, Array], rows: slice) -> Arrays:
    return {name: value[rows] for name, value in weights.items()}
