"""The GRU autoencoder of many substations: one graph trains them all, one pass of numpy judges them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from .fitted import WEIGHT, Arrays
from .frames import Frame
from .gru_inference import decode
from .gru_newest import decode_newest
from .gru_weights import Architecture, first_weights, repeated
from .reconstruction import HOLDOUT, BoolArray, Float32, Reconstruction
from .window_components import LINEAR, component_shapes, decode_components, fit_components
from .windows import kept_back, pure_windows, window_starts

STATES_AT_ONCE = 49_152
"""Numbers of a layer's state in a piece of work: with its gates, a mebibyte, as much as the cache of a core holds."""
MIN_GAIN = 0.01
"""Chosen: the network has to lower the error by this share on rows that it has not seen, or it is left out."""


@dataclass
class GruAutoencoder(Reconstruction):
    """An encoder GRU reads a window, a bottleneck keeps what matters, a decoder GRU writes the window again.

    With ``explained`` the network writes what the principal components leave of a window, and only where that brings it
    nearer on rows that it was not trained on; elsewhere it writes nothing. Without, it writes the window itself.

    latent: width of the bottleneck.
    hidden, layers: width and number of the GRU layers on either side.
    fleet_updates, fleet_batch, fleet_rate: training of the backbone that all substations share at first.
    epochs: the backbone sees a window at most so many times, so that a short record is not learned by heart; None: as
    often as ``fleet_updates`` come to.
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

    latent: int = 8
    hidden: int = 32
    layers: int = 1
    fleet_updates: int = 1200
    fleet_batch: int = 64
    fleet_rate: float = 8e-3
    epochs: int | None = 40
    own_updates: int = 60
    own_batch: int = 16
    own_rate: float = 5e-3
    own_least: int = 0
    stride: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.latent < 1:
            raise ValueError(f"latent must be at least 1; received {self.latent}.")
        if min(self.hidden, self.layers, self.fleet_batch, self.own_batch, self.stride) < 1:
            raise ValueError(
                "hidden, layers, fleet_batch, own_batch and stride must be at least 1; received "
                f"{self.hidden}, {self.layers}, {self.fleet_batch}, {self.own_batch}, {self.stride}."
            )
        self.backbone_: Arrays = {}
        self._gains: npt.NDArray[np.floating] = np.ones(1)

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

    @property
    def network_used_(self) -> BoolArray:
        """[substation] False where the principal components alone do better than with the network."""
        kernel, bias = (self.arrays_[f"{WEIGHT}output_{name}"] for name in ("kernel", "bias"))
        return np.asarray(kernel.any(axis=(1, 2)) | bias.any(axis=1))

    def _linear(self, frame: Frame, ends: BoolArray) -> Arrays | None:
        if self.explained is None:
            return None
        found = fit_components(frame, ends, self.window_steps, count=None, explained=self.explained)
        silent = {name: np.zeros((len(ends), *shape), np.float32) for name, shape in self.architecture.shapes().items()}
        return silent | {LINEAR + name: value for name, value in found.items()}

    def _learn(self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray) -> Arrays:
        linear = self._linear(frame, ends)
        if linear is None:
            return self._learn_network(frame, ends, heldout, heldout_ends)
        if not heldout_ends.any():
            # The components have seen all rows; whether the network helps is asked on rows that it has not seen.
            kept = kept_back(ends.shape[1], self.holdout_block or 4 * self.window_steps, HOLDOUT)
            heldout, heldout_ends = frame, ends & pure_windows(kept, self.window_steps)
            ends = ends & pure_windows(~kept, self.window_steps)
        return self._learn_rest(frame, ends, heldout, heldout_ends, linear)

    def _learn_rest(
        self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray, linear: Arrays
    ) -> Arrays:
        """The network on what the linear model leaves, kept where it lowers the error by more than chance."""
        alone = self._mean_error(heldout, heldout_ends, linear)
        self.arrays_["own"] = np.zeros(len(ends))
        self._gains = np.ones(len(ends))
        if not (heldout_ends.any() and ends.any()):
            return linear
        from .gru_training import what_is_left

        left = what_is_left(frame, ends, linear, self.window_steps, self.stride)
        network = self._learn_network(*left, heldout, heldout_ends, linear)
        both = linear | network
        error = self._mean_error(heldout, heldout_ends, both)
        helps = np.isfinite(error) & (error < (1 - MIN_GAIN) * alone)
        self.arrays_["own"] *= helps
        self._gains = np.ones(len(ends))
        self._gains[helps] = error[helps] / np.maximum(alone[helps], 1e-12)
        return {
            name: np.where(helps.reshape(-1, *[1] * (value.ndim - 1)), both[name], linear[name])
            for name, value in both.items()
        }

    def _gain(self) -> npt.NDArray[np.floating]:
        return np.asarray(self._gains)

    def _learn_network(
        self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray, linear: Arrays | None = None
    ) -> Arrays:
        from .gru_training import Schedule, fine_tune, train_backbone

        architecture = self.architecture
        starts = window_starts(ends, self.window_steps, 1 if linear else self.stride)
        if not self.backbone_:
            updates = self.fleet_updates
            if self.epochs is not None:
                updates = min(updates, -(-self.epochs * sum(map(len, starts)) // self.fleet_batch))
            schedule = Schedule(updates, self.fleet_batch, self.fleet_rate)
            begin = first_weights(architecture, self.seed)
            self.backbone_ = train_backbone(begin, frame, starts, architecture, schedule, self.seed)
        shared = repeated(self.backbone_, len(ends))
        able = np.array([len(own) >= self.own_batch for own in starts]) & (ends.sum(axis=1) >= self.own_least)
        self.arrays_["own"] = np.zeros(len(ends))
        if not self.own_updates or not able.any():
            return shared
        chosen = np.flatnonzero(able)
        schedule = Schedule(self.own_updates, self.own_batch, self.own_rate)
        tuned = fine_tune(
            self.backbone_,
            frame.part(chosen, 0, frame.inputs.shape[-1]),
            [starts[number] for number in chosen],
            architecture,
            schedule,
            self.seed,
        )
        own = {name: value.copy() for name, value in shared.items()}
        for name, value in tuned.items():
            own[name][chosen] = value
        first = linear or {}
        own_error, shared_error = (self._mean_error(heldout, heldout_ends, first | each) for each in (own, shared))
        better = able & (own_error < shared_error)
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
        if LINEAR + "middle" in weights:
            components = {name.removeprefix(LINEAR): weights[name] for name in weights if name.startswith(LINEAR)}
            written = self._written(weights, inputs)
            linear = decode_components(components, inputs, self.channels_)
            return (one + other for one, other in zip(linear, written, strict=True))
        return self._written(weights, inputs)

    def _written(self, weights: Mapping[str, npt.NDArray[Any]], inputs: Float32) -> Iterator[Float32]:
        """What the network alone writes."""
        if inputs.shape[-1] > self.window_steps:
            return decode(weights, inputs, self.architecture)
        whole = decode_newest(weights, inputs, self.architecture)
        return (whole[..., step : step + 1] for step in range(self.window_steps))

    def _windows_at_once(self) -> int:
        return max(64, STATES_AT_ONCE // self.hidden)

    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = self.architecture.shapes()
        if self.explained is None:
            return shapes
        sizes = (self.window_steps, self.channels_ + self.context_, self.channels_)
        linear = component_shapes(*sizes, self._stored_count(f"{LINEAR}encoder"))
        return shapes | {LINEAR + name: shape for name, shape in linear.items()}

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return super()._shapes() | {"own": ()}
