"""The GRU autoencoder with a head: it rebuilds normal windows, and says of each window which cause it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from .fitted import Arrays
from .frames import Frame
from .gru_autoencoder import GruAutoencoder
from .gru_inference import log_odds
from .gru_newest import log_odds_newest
from .gru_weights import Architecture, first_weights, repeated
from .reconstruction import BoolArray, Float32, FloatArray
from .windows import IntArray, filled_windows, kept_back, pure_windows

KEPT_BACK = 0.2
"""Chosen: every fifth block of a record is enough to calibrate by, and four fifths are to learn from."""
CALM_SHARE = 0.995
"""Chosen: what a head says of this share of the calm windows kept back counts as no suspicion on that substation."""

RAREST_SHARE = 1e-6
"""Chosen: a cause that was not there at all still has finite odds."""


@dataclass(frozen=True)
class _KeptBack:
    """What no network learned: frame, calm windows [substation, time], labels [substation, time, cause]."""

    frame: Frame
    calm: BoolArray
    labels: Float32


@dataclass(frozen=True)
class _Lesson:
    """What networks learn: frame, targets as ``gru_graph`` takes them, first rows of the windows per substation."""

    frame: Frame
    targets: Float32
    starts: list[IntArray]


@dataclass(frozen=True)
class _Best:
    """The best weights so far of each substation, their error on what was kept back, and which they are."""

    weights: Arrays
    worth: npt.NDArray[np.float64]
    level: IntArray

    @classmethod
    def of(cls, weights: Arrays, worth: npt.NDArray[np.float64]) -> _Best:
        return cls(weights, worth, np.zeros(len(worth), dtype=np.int64))

    def or_better(self, weights: Arrays, worth: npt.NDArray[np.float64], level: int) -> _Best:
        better = worth < self.worth
        chosen = {
            name: np.where(better.reshape(-1, *[1] * (value.ndim - 1)), weights[name], value)
            for name, value in self.weights.items()
        }
        return _Best(chosen, np.where(better, worth, self.worth), np.where(better, level, self.level))


@dataclass
class CauseNetwork(GruAutoencoder):
    """An autoencoder whose encoder also feeds a head with the log-odds of each cause.

    evidence: how many of the last context features the encoder alone sees; the decoder gets the others.
    causes: outputs of the head. cause_share: share of a batch that shows a cause, where there are such windows.

    Fitted, beside what ``GruAutoencoder`` lists: refined_ [substation], where the backbone that this fleet refined is
    used, or a copy fine-tuned from it; odds_shift_ [substation, cause], what is taken off the head's
    log-odds since calm windows kept back reach as far; entropy_ [substation], cross entropy of what was kept back, and
    prior_entropy_, that of somebody who knows nothing but how often each cause is there.

    >>> rng = np.random.default_rng(1)
    >>> values = 0.1 * rng.normal(size=(2, 900, 2))
    >>> labels = np.zeros((2, 900, 1))
    >>> for at in range(100, 860, 90):
    ...     values[:, at : at + 30, 1] += 1.0
    ...     labels[:, at : at + 30] = 1.0
    >>> network = CauseNetwork(window_steps=8, hidden=8, latent=2, fleet_updates=150, own_updates=0)
    >>> odds = network.fit(values, rows=labels[..., 0] == 0, labels=labels).log_odds(values)
    >>> odds.shape, bool(odds[0, 120, 0] > 0 > odds[0, 80, 0])
    ((2, 900, 1), True)
    """

    KIND: ClassVar[str] = "cause_network"

    # Residuals are whitened already: no linear model comes first, and each channel counts in units of its own usual
    # error. Tuned with the diagnosis; the defaults of the autoencoder are for data that nobody has prepared.
    explained: float | None = None
    scoring: str = "usual error"
    holdout: float | None = KEPT_BACK
    epochs: int | None = None
    threshold_share: float = 0.97
    threshold_factor: float = 1.5
    evidence: int = 0
    causes: int = 1
    cause_share: float = 0.35
    refine_updates: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.evidence < 0 or self.causes < 1 or not 0.0 < self.cause_share < 1.0:
            raise ValueError(
                "evidence must be at least 0, causes at least 1, cause_share between 0 and 1; received "
                f"{self.evidence}, {self.causes}, {self.cause_share}."
            )
        self._labels: Float32 = np.zeros((0, 0, self.causes), np.float32)

    @property
    def architecture(self) -> Architecture:
        return Architecture(
            self.channels_,
            self.context_ - self.evidence,
            self.hidden,
            self.latent,
            self.layers,
            self.window_steps,
            self.evidence,
            self.causes,
        )

    @property
    def refined_(self) -> BoolArray:
        """[substation] True where more is used than the backbone that was given."""
        return self.arrays_["refined"] > 0

    @property
    def odds_shift_(self) -> npt.NDArray[Any]:
        """[substation, cause] what is taken off the head's log-odds."""
        return self.arrays_["odds_shift"]

    @property
    def entropy_(self) -> npt.NDArray[Any]:
        """[substation] cross entropy of the windows kept back, added over the causes; NaN where none was labelled."""
        return self.arrays_["entropy"]

    @property
    def prior_entropy_(self) -> npt.NDArray[Any]:
        """[substation] cross entropy of the shares of the causes in what was kept back; NaN where none was there."""
        return self.arrays_["prior_entropy"]

    @property
    def information_pct_(self) -> npt.NDArray[Any]:
        """[substation] how much less uncertain causes are with it than by their shares alone, in %.

        NaN where no cause was there in what was kept back. 100: it names each; 0 or less: it tells nothing.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(100.0 * (1.0 - self.entropy_ / self.prior_entropy_))

    def fit(
        self,
        values: FloatArray,
        *,
        context: FloatArray | None = None,
        rows: BoolArray | None = None,
        labels: FloatArray | None = None,
    ) -> Self:
        """As ``Reconstruction.fit``; labels [substation, time, cause]: 1 there, 0 not there, NaN nobody knows.

        rows says which rows are normal and may be rebuilt; a labelled one need not be. Without labels the head stays
        as it is in the backbone; ValueError where there is none, or where labels do not fit the values.
        """
        shape = (*values.shape[:2], self.causes)
        if labels is None and not self.backbone_:
            raise ValueError("A head learns from labels; received none, and no backbone that has learned already.")
        self._labels = np.full(shape, np.nan, np.float32) if labels is None else np.asarray(labels, np.float32)
        if self._labels.shape != shape:
            raise ValueError(f"labels must have the shape {shape}; received {self._labels.shape}.")
        given = 0 if context is None else context.shape[-1]
        if given < self.evidence:
            raise ValueError(f"context must hold {self.evidence} features of evidence; received {given}.")
        try:
            return super().fit(values, context=context, rows=rows)
        finally:
            self._labels = np.zeros((0, 0, self.causes), np.float32)

    def log_odds(self, values: FloatArray, *, context: FloatArray | None = None) -> Float32:
        """[substation, time, cause] log-odds of each cause in the window that ends here; NaN where none is full."""
        return self._odds(self._frame(values, context), self._weights()) - self.odds_shift_[:, None].astype(np.float32)

    def _odds(self, frame: Frame, weights: Arrays) -> Float32:
        full = filled_windows(frame.any_present, self.window_steps)
        odds = np.full((len(full), self.causes, full.shape[1]), np.nan, np.float32)
        for rows, part in self._chunks(frame):
            taken = {name: value[rows] for name, value in weights.items()}
            one = part.inputs.shape[-1] == self.window_steps
            place = slice(part.first + self.window_steps - 1, part.first + part.inputs.shape[-1])
            say = log_odds_newest if one else log_odds
            odds[rows, :, place] = say(taken, part.inputs, self.architecture)
        return np.where(full[..., None], odds.transpose(0, 2, 1), np.float32(np.nan))

    def _learn(self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray) -> Arrays:
        kept = kept_back(frame.inputs.shape[-1], self.holdout_block or 4 * self.window_steps, self.holdout or KEPT_BACK)
        full = filled_windows(heldout.any_present, self.window_steps)
        judged = _KeptBack(heldout, heldout_ends, np.where(full[..., None], self._labels[:, kept], np.nan))
        lesson = self._lesson(frame, ends, kept)
        able = np.array([len(own) >= self.own_batch for own in lesson.starts]) & (ends.sum(axis=1) >= self.own_least)
        refined = not self.backbone_ or (self.refine_updates > 0 and bool(able.any()))
        given = repeated(self.backbone_, len(ends)) if self.backbone_ else {}
        if refined:
            self.backbone_ = self._trained(lesson)
        shared = repeated(self.backbone_, len(ends))
        best = _Best.of(given or shared, self._worth(judged, given or shared))
        if refined and given:
            best = best.or_better(shared, self._worth(judged, shared), 1)
        if self.own_updates and able.any():
            own = self._fine_tuned(lesson, shared, np.flatnonzero(able))
            best = best.or_better(own, np.where(able, self._worth(judged, own), np.inf), 2)
        self.arrays_["own"] = (best.level == 2).astype(np.float64)
        self.arrays_["refined"] = (best.level > 0).astype(np.float64)
        self._calibrate_head(judged, best.weights)
        return best.weights

    def _lesson(self, frame: Frame, ends: BoolArray, kept: BoolArray) -> _Lesson:
        known = np.isfinite(self._labels).all(axis=-1)
        learned = pure_windows(np.broadcast_to(~kept, known.shape), self.window_steps)
        usable = filled_windows(frame.any_present, self.window_steps) & learned & known
        shows = np.nan_to_num(self._labels).any(axis=-1)
        targets = np.concatenate([ends[..., None].astype(np.float32), self._labels], axis=-1)
        return _Lesson(frame, targets, self._balanced(ends | (usable & ~shows), usable & shows))

    def _trained(self, lesson: _Lesson) -> Arrays:
        """The backbone given, refined with these windows; without one, a new one."""
        from .gru_training import Schedule, train_backbone

        updates, rate = (
            (self.refine_updates, self.own_rate) if self.backbone_ else (self.fleet_updates, self.fleet_rate)
        )
        schedule = Schedule(updates, self.fleet_batch, rate)
        begin = self.backbone_ or first_weights(self.architecture, self.seed)
        frame, starts, targets = lesson.frame, lesson.starts, lesson.targets
        return train_backbone(begin, frame, starts, self.architecture, schedule, self.seed, targets)

    def _fine_tuned(self, lesson: _Lesson, shared: Arrays, chosen: IntArray) -> Arrays:
        """A copy for each of the chosen substations; the others keep the shared weights."""
        from .gru_training import Schedule, fine_tune

        part = Frame(lesson.frame.inputs[chosen], lesson.frame.present[chosen])
        schedule = Schedule(self.own_updates, self.own_batch, self.own_rate)
        starts, targets = [lesson.starts[number] for number in chosen], lesson.targets[chosen]
        tuned = fine_tune(self.backbone_, part, starts, self.architecture, schedule, self.seed, targets)
        own = {name: value.copy() for name, value in shared.items()}
        for name, value in tuned.items():
            own[name][chosen] = value
        return own

    def _balanced(self, calm: BoolArray, shows: BoolArray) -> list[IntArray]:
        """First rows of the windows to learn from, those that show a cause repeated up to their share."""
        starts = []
        for quiet, loud in zip(calm, shows, strict=True):
            few, some = np.flatnonzero(quiet)[:: self.stride], np.flatnonzero(loud)
            wanted = int(len(few) * self.cause_share / (1.0 - self.cause_share))
            repeats = np.resize(some, wanted) if len(some) else some
            starts.append(np.concatenate([few, repeats]) - (self.window_steps - 1))
        return starts

    def _worth(self, judged: _KeptBack, weights: Arrays) -> npt.NDArray[np.float64]:
        """[substation] error of what was kept back, rebuilt and named; lower is better."""
        entropy = self._entropy(self._odds(judged.frame, weights), judged.labels)
        return self._mean_error(judged.frame, judged.calm, weights) + np.nan_to_num(entropy)

    @staticmethod
    def _entropy(odds: Float32, labels: Float32) -> npt.NDArray[np.float64]:
        with np.errstate(invalid="ignore"):
            each = np.logaddexp(0.0, odds) - labels * odds
        known = np.isfinite(each)
        count = known.any(axis=-1).sum(axis=1)
        return np.asarray(
            np.where(count > 0, np.where(known, each, 0.0).sum(axis=(1, 2)) / np.maximum(count, 1), np.nan)
        )

    def _calibrate_head(self, judged: _KeptBack, weights: Arrays) -> None:
        odds = self._odds(judged.frame, weights)
        shift = np.zeros((len(odds), self.causes))
        for number, (own, quiet) in enumerate(zip(odds, judged.calm, strict=True)):
            known = own[quiet & np.isfinite(own).all(axis=-1)]
            if len(known):
                shift[number] = np.maximum(np.quantile(known, CALM_SHARE, axis=0), 0.0)
        said = odds - shift[:, None].astype(np.float32)
        self.arrays_["odds_shift"] = shift
        self.arrays_["entropy"] = self._entropy(said, judged.labels)
        self.arrays_["prior_entropy"] = self._entropy(_prior_odds(said, judged.labels), judged.labels)

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return super()._shapes() | {"odds_shift": (self.causes,), "entropy": (), "prior_entropy": (), "refined": ()}


def _prior_odds(said: Float32, labels: Float32) -> Float32:
    """Log-odds of the share of each cause among the windows that are known and spoken of, wherever these are.

    NaN for a substation where no cause is ever there: nobody can tell what a head knows of it.
    """
    known = np.isfinite(said) & np.isfinite(labels)
    known &= (known & (labels > 0)).any(axis=(1, 2), keepdims=True)
    share = np.where(known, labels, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    share = np.clip(share, RAREST_SHARE, 1.0 - RAREST_SHARE)[:, None]
    return np.where(known, np.log(share / (1.0 - share)), np.nan).astype(np.float32)
