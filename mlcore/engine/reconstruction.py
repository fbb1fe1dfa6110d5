"""What every model of the engine has in common: scale, cut windows, reconstruct, compare, judge."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from .fitted import WEIGHT, Array, Arrays, Fitted
from .frames import Frame, as_frame, checked_rows
from .scaling import RobustScaler
from .thresholds import MIN_SCORES, exceeded_share, quantile_threshold
from .windows import filled_windows, kept_back, pure_windows, without_block

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.floating]
Float32 = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

CHUNK = 1024
"""Windows in a piece of work; a model may take as many as fit into the cache for its width."""
TOGETHER = 192
"""Chosen: substations judged in a piece of work, so that its arrays stay small whatever the fleet is."""
MIN_ERROR = 1e-3
"""Chosen: least scale of an error, in spreads: a channel that is met exactly must not make every other one nothing."""


FEW_ROWS = 2_000
"""Chosen: below this many rows to learn from none are kept back; a fifth of fewer would miss a day or a batch."""
HOLDOUT, FOLDS = 0.2, 5
"""Usual shares: a fifth is kept back, or each fifth is judged by what was learned from the other four."""
SCORINGS = ("spread", "usual error")


class NotFittedError(RuntimeError):
    """The model has to learn before it can judge."""


@dataclass
class Reconstruction(Fitted):
    """A model that is fitted to normal windows and judges a row by how badly the window up to it is reconstructed.

    window_steps: rows of a window. judged_steps: the newest rows of it that count (None: all).
    explained: share of the windows' variance that principal components take before anything else is learned; None:
    there is no such linear model. clip: how many spreads from the median a scaled value can be.
    scoring: "spread": the error of the whole window, all channels in units of their spread alike; "usual error": each
    channel in units of its own usual error, which makes a channel that is met closely count more.
    holdout: share of the rows that is kept back from learning, in blocks of holdout_block rows; None: a fifth of a long
    record, and of a short one nothing, where each fifth is judged by a linear model of the other four instead.
    threshold_share, threshold_factor: the threshold is this quantile of scores of rows that were not learned from,
    times this factor.
    seed: same seed, same data → same model on the same machine.

    Fitted: scaler_ and arrays_ (all with a leading substation axis), from which threshold_, heldout_error_ and
    exceeded_share_ [substation] are read.
    """

    window_steps: int = 16
    judged_steps: int | None = None
    explained: float | None = 0.7
    scoring: str = "spread"
    holdout: float | None = None
    holdout_block: int | None = None
    threshold_share: float = 0.99
    threshold_factor: float = 1.05
    seed: int = 0

    def __post_init__(self) -> None:
        judged = self.judged_steps
        if self.window_steps < 2:
            raise ValueError(f"window_steps must be at least 2; received {self.window_steps}.")
        if judged is not None and not 1 <= judged <= self.window_steps:
            raise ValueError(f"judged_steps must be between 1 and window_steps {self.window_steps}; received {judged}.")
        if self.explained is not None and not 0.0 < self.explained <= 1.0:
            raise ValueError(f"explained must be above 0 and at most 1, or None; received {self.explained}.")
        if self.scoring not in SCORINGS:
            raise ValueError(f"scoring must be one of {SCORINGS}; received {self.scoring!r}.")

    @abstractmethod
    def _learn(self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray) -> Arrays:
        """Weights [substation, …] learned from the windows that end at ``ends`` [substation, time]."""

    @abstractmethod
    def _linear(self, frame: Frame, ends: BoolArray) -> Arrays | None:
        """Weights of the linear model alone, as ``_learn`` names them; None where there is none."""

    @abstractmethod
    def _decode(self, weights: Mapping[str, Array], inputs: Float32) -> Iterator[Float32]:
        """For each step of the windows of inputs [substation, feature, time]: [substation, channel, window]."""

    def fit(self, values: FloatArray, *, context: FloatArray | None = None, rows: BoolArray | None = None) -> Self:
        """Learn what is normal from values [substation, time, channel]; NaN is missing.

        context: [time, feature] or [substation, time, feature], known beforehand, about −1 to 1 (the hour, the
        weekend): helps to reconstruct, is not judged. rows: [time] or [substation, time], which rows may be learned.

        1. keep whole blocks back; 2. scale by the others; 3. learn their windows; 4. the usual error and the threshold
        from the windows kept back, or fold by fold (see ``holdout``). Every substation has a threshold afterwards.

        Raises ValueError for arrays that do not fit each other, and where a substation has no full window.
        """
        wanted = checked_rows(values, rows)
        kept = self._kept_back(values, wanted)
        self.arrays_ = RobustScaler.fit(values, wanted & ~kept, self.clip).to_arrays()
        frame = as_frame(values, context, self.scaler_)
        self.channels_, self.context_ = frame.channels, frame.inputs.shape[1] - frame.channels
        ends = self._windows(frame, wanted & ~kept)
        self._refuse_without_windows(values, wanted)
        heldout, heldout_ends = frame.only(kept), self._windows(frame, wanted & kept)[:, kept]
        weights = self._learn(frame, ends, heldout, heldout_ends)
        self.arrays_ |= {WEIGHT + name: value for name, value in weights.items()}
        self.arrays_["windows"] = ends.sum(axis=1)
        self._calibrate(np.where(heldout_ends[:, None], self._errors(heldout, self._weights()), np.nan))
        if not np.isfinite(self.arrays_["threshold"]).all():
            self._calibrate_on_learned(frame, ends)
        return self

    def usable_windows(self, values: FloatArray, *, rows: BoolArray | None = None) -> IntArray:
        """[substation] windows that ``fit`` would learn or set limits from; it refuses a substation without any."""
        wanted = checked_rows(values, rows)
        kept = self._kept_back(values, wanted)
        return self._usable(values, wanted & ~kept) + self._usable(values, wanted & kept)

    def _usable(self, values: FloatArray, rows: BoolArray) -> IntArray:
        present: BoolArray = np.asarray(np.isfinite(values).any(axis=-1))
        full = pure_windows(rows, self.window_steps) & filled_windows(present, self.window_steps)
        return np.asarray(full.sum(axis=1))

    def _kept_back(self, values: FloatArray, wanted: BoolArray) -> BoolArray:
        """[time] rows that are not learned from."""
        block = self.holdout_block or 4 * self.window_steps
        if self.holdout is not None:
            return kept_back(values.shape[1], block, self.holdout)
        kept = kept_back(values.shape[1], block, HOLDOUT)
        used = wanted.sum(axis=1)
        is_short = self.explained is not None and used.max(initial=0) < FEW_ROWS
        is_lacking = bool((self._usable(values, wanted & kept) < MIN_SCORES).any())
        return np.zeros_like(kept) if is_short or is_lacking else kept

    def _refuse_without_windows(self, values: FloatArray, wanted: BoolArray) -> None:
        lacking = np.flatnonzero(self.usable_windows(values, rows=wanted) == 0)
        if not lacking.size:
            return
        known = (wanted & np.isfinite(values).any(axis=-1)).sum(axis=1)
        raise ValueError(
            f"No window of {self.window_steps} usable rows in succession at substation {lacking[0]}"
            f"{f' and {lacking.size - 1} more' if lacking.size > 1 else ''}; received {values.shape[1]} rows, "
            f"{known[lacking[0]]} of them measured and to be learned from; needed are {self.window_steps} in a row. "
            "Give a longer record or a shorter window, or leave it out."
        )

    def _windows(self, frame: Frame, rows: BoolArray) -> BoolArray:
        return pure_windows(rows, self.window_steps) & filled_windows(frame.any_present, self.window_steps)

    def _calibrate(self, errors: FloatArray) -> None:
        """Usual errors, threshold and what it lets through, from errors of normal windows that were not learned."""
        count = np.isfinite(errors).sum(axis=-1)
        usual = np.nansum(errors, axis=-1) / np.maximum(count, 1)
        seen = (count > 0).sum(axis=1)
        self.arrays_["heldout_error"] = np.where(seen > 0, usual.sum(axis=1) / np.maximum(seen, 1), np.nan)
        if self.scoring == "spread":
            # One scale for all channels: a usual window scores about 1, and none counts more for being quiet.
            mean_square = np.sum(usual**2, axis=1, keepdims=True) / np.maximum(seen, 1)[:, None]
            usual = np.broadcast_to(np.sqrt(mean_square), usual.shape)
        known = count.any(axis=1, keepdims=True) if self.scoring == "spread" else count > 0
        self.arrays_["error_scale"] = np.where(known, np.maximum(usual, MIN_ERROR), 1.0).astype(np.float32)
        scores = self._combined(errors)
        threshold = quantile_threshold(scores, self.threshold_share, self.threshold_factor)
        self.arrays_["threshold"] = threshold
        self.arrays_["exceeded_share"] = exceeded_share(scores, threshold)

    def _calibrate_on_learned(self, frame: Frame, ends: BoolArray) -> None:
        """Where nothing was kept back: fold by fold if there is a linear model, else on the rows learned from."""
        lacking = ~np.isfinite(self.arrays_["threshold"])
        before = {name: self.arrays_[name] for name in ("error_scale", "threshold", "exceeded_share", "heldout_error")}
        seen = np.where(ends[:, None], self._errors(frame, self._weights()), np.nan)
        unseen = self._errors_by_fold(frame, ends)
        self._calibrate(seen if unseen is None else unseen * self._gain()[:, None, None])
        if unseen is None:
            self.arrays_["heldout_error"] = np.full(len(lacking), np.nan)
        for name, value in before.items():
            self.arrays_[name] = np.where(lacking.reshape(-1, *[1] * (value.ndim - 1)), self.arrays_[name], value)

    def _gain(self) -> FloatArray:
        """[substation] error of the whole model over that of its linear part, both on rows that neither has seen."""
        return np.ones(len(self.arrays_["windows"]), np.float32)

    def _errors_by_fold(self, frame: Frame, ends: BoolArray) -> Float32 | None:
        """The errors of each fifth of the rows by a linear model that learned from the other four; None without one."""
        errors = np.full((len(ends), frame.channels, ends.shape[1]), np.nan, np.float32)
        edges = np.linspace(0, ends.shape[1], FOLDS + 1).astype(int)
        for start, stop in pairwise(edges):
            weights = self._linear(frame, without_block(ends, start, stop, self.window_steps))
            if weights is None:
                return None
            judged = ends[:, start:stop]
            if judged.any():
                part = frame.part(slice(None), max(0, start - self.window_steps + 1), stop)
                found = self._errors(part, weights)[..., start - part.first :]
                errors[..., start:stop] = np.where(judged[:, None], found, np.nan)
        return errors

    def score(self, values: FloatArray, *, context: FloatArray | None = None) -> Float32:
        """[substation, time] how abnormal each row is, higher is more; NaN where no full window ends.

        The root mean square over the channels of (error of the window ÷ usual error on normal rows): about 1 is usual.
        With the scoring "spread" the usual error is one figure for all channels, that of a whole window.
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
        """[substation, channel, time] error of the window that ends here, in spreads: mean absolute or, for the scoring
        "spread", root mean square."""
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
                mean = total / self._judged_count(part.present)
                errors[rows, :, place] = np.sqrt(mean) if self.scoring == "spread" else mean
        nowhere = np.broadcast_to(~full[:, None], errors.shape)
        errors[nowhere] = newest[nowhere] = np.nan
        return errors, newest

    def _summed(self, part: Frame, weights: Mapping[str, Array]) -> tuple[Float32, Float32]:
        """[substation, channel, window] absolute errors or their squares, added up, and the newest values."""
        count = part.inputs.shape[-1] - self.window_steps + 1
        skipped = self.window_steps - (self.judged_steps or self.window_steps)
        total = np.zeros((len(part.inputs), part.channels, count), np.float32)
        gap, is_whole = np.empty_like(total), bool(part.present.all())
        for step, decoded in enumerate(self._decode(weights, part.inputs)):
            if step >= skipped:
                np.subtract(part.inputs[:, : part.channels, step : step + count], decoded, out=gap)
                (np.square if self.scoring == "spread" else np.abs)(gap, out=gap)
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

    def _ratio(self, errors: FloatArray) -> Float32:
        return np.asarray(errors / self.arrays_["error_scale"][:, :, None])

    def _combined(self, errors: FloatArray) -> Float32:
        return self._combined_ratio(self._ratio(errors))

    @staticmethod
    def _combined_ratio(ratio: Float32) -> Float32:
        known = np.isfinite(ratio)
        square = np.where(known, ratio, 0.0) ** 2
        count = known.sum(axis=1)
        return np.where(count > 0, np.sqrt(square.sum(axis=1) / np.maximum(count, 1)), np.nan).astype(np.float32)


def _taken(weights: Mapping[str, Array], rows: slice) -> Arrays:
    return {name: value[rows] for name, value in weights.items()}
