"""The GRU autoencoder of many substations: one graph trains them all, one pass of numpy judges them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from .fitted import Arrays
from .frames import Frame
from .gru_inference import decode
from .gru_newest import decode_newest
from .gru_weights import Architecture, first_weights, repeated
from .reconstruction import BoolArray, Float32, Reconstruction
from .windows import window_starts

STATES_AT_ONCE = 49_152
"""Numbers of a layer's state in a piece of work: with its gates, a mebibyte, as much as the cache of a core holds."""


@dataclass
class GruAutoencoder(Reconstruction):
    """An encoder GRU reads a window, a bottleneck keeps what matters, a decoder GRU writes the window again.

    hidden, layers: width and number of the GRU layers on either side.
    fleet_updates, fleet_batch, fleet_rate: training of the backbone that all substations share at first.
    own_updates, own_batch, own_rate: fine-tuning of each substation's copy; 0 updates leave the backbone.
    own_least: windows that a substation needs for a copy of its own; with fewer it uses the backbone.
    stride: only every so many-th window is learned (neighbouring ones are almost the same).

    Fitted, beside what ``Reconstruction`` lists: own_ [substation] is True where the fine-tuned copy did better on
    held-out rows than the backbone and is used; backbone_ are the backbone's weights.

    >>> rng = np.random.default_rng(1)
    >>> hours = np.arange(600)[None, :, None]
    >>> values = np.sin(hours / 24 * 2 * np.pi + np.arange(3)) + 0.1 * rng.normal(size=(2, 600, 3))
    >>> model = GruAutoencoder(window_steps=8, hidden=8, latent=2, fleet_updates=60, own_updates=20)
    >>> scores = model.fit(values).score(values)
    >>> scores.shape, bool(np.isnan(scores[:, :7]).all())
    ((2, 600), True)
    """

    KIND: ClassVar[str] = "gru_autoencoder"

    hidden: int = 32
    layers: int = 1
    fleet_updates: int = 1200
    fleet_batch: int = 64
    fleet_rate: float = 8e-3
    own_updates: int = 60
    own_batch: int = 16
    own_rate: float = 5e-3
    own_least: int = 0
    stride: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.hidden, self.layers, self.fleet_batch, self.own_batch, self.stride) < 1:
            raise ValueError(
                "hidden, layers, fleet_batch, own_batch and stride must be at least 1; received "
                f"{self.hidden}, {self.layers}, {self.fleet_batch}, {self.own_batch}, {self.stride}."
            )
        self.backbone_: Arrays = {}

    @property
    def architecture(self) -> Architecture:
        """The sizes of the network; known after fit."""
        return Architecture(self.channels_, self.context_, self.hidden, self.latent, self.layers, self.window_steps)

    @property
    def own_(self) -> BoolArray:
        """[substation] True where the substation's own weights are used, False where the backbone's."""
        return self.arrays_["own"] > 0

    def start_from(self, backbone: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Use the backbone of another fleet (its ``backbone_``) in the next fit, instead of training one."""
        self.backbone_ = {name: np.asarray(value, np.float32) for name, value in backbone.items()}
        return self

    def keras_model(self, substation: int = 0) -> Any:
        """One substation's network as ``keras.Model``: scaled [window, step, feature] → [window, step, channel]."""
        from .gru_keras import to_keras

        return to_keras(self._weights(), self.architecture, substation)

    def _learn(self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray) -> Arrays:
        from .gru_training import Schedule, fine_tune, train_backbone

        architecture = self.architecture
        starts = window_starts(ends, self.window_steps, self.stride)
        if not self.backbone_:
            schedule = Schedule(self.fleet_updates, self.fleet_batch, self.fleet_rate)
            begin = first_weights(architecture, self.seed)
            self.backbone_ = train_backbone(begin, frame, starts, architecture, schedule, self.seed)
        shared = repeated(self.backbone_, len(ends))
        able = np.array([len(own) >= self.own_batch for own in starts]) & (ends.sum(axis=1) >= self.own_least)
        self.arrays_["own"] = np.zeros(len(ends))
        if not self.own_updates or not able.any():
            return shared
        chosen = np.flatnonzero(able)
        part = Frame(frame.inputs[chosen], frame.present[chosen])
        schedule = Schedule(self.own_updates, self.own_batch, self.own_rate)
        tuned = fine_tune(
            self.backbone_, part, [starts[number] for number in chosen], architecture, schedule, self.seed
        )
        own = {name: value.copy() for name, value in shared.items()}
        for name, value in tuned.items():
            own[name][chosen] = value
        better = able & (self._mean_error(heldout, heldout_ends, own) < self._mean_error(heldout, heldout_ends, shared))
        self.arrays_["own"] = better.astype(np.float64)
        return {
            name: np.where(better.reshape(-1, *[1] * (value.ndim - 1)), own[name], value)
            for name, value in shared.items()
        }

    def _mean_error(self, frame: Frame, ends: BoolArray, weights: Arrays) -> npt.NDArray[np.float64]:
        errors = np.where(ends[:, None], self._errors(frame, weights), np.nan)
        known = np.isfinite(errors)
        total = np.where(known, errors, 0.0).sum(axis=(1, 2))
        count = known.sum(axis=(1, 2))
        return np.where(count > 0, total / np.maximum(count, 1), np.inf)

    def _decode(self, weights: Mapping[str, npt.NDArray[Any]], inputs: Float32) -> Iterator[Float32]:
        if inputs.shape[-1] > self.window_steps:
            return decode(weights, inputs, self.architecture)
        whole = decode_newest(weights, inputs, self.architecture)
        return (whole[..., step : step + 1] for step in range(self.window_steps))

    def _windows_at_once(self) -> int:
        return max(64, STATES_AT_ONCE // self.hidden)

    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        return self.architecture.shapes()

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return super()._shapes() | {"own": ()}
