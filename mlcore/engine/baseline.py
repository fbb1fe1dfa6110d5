"""The contract without TensorFlow: principal components of windows, the linear autoencoder with the least error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from .fitted import Arrays
from .frames import Frame
from .reconstruction import BoolArray, Float32, Reconstruction
from .window_components import component_shapes, decode_components, fit_components


@dataclass
class PrincipalComponents(Reconstruction):
    """Reconstruct a window from its first principal components, of each substation by itself.

    latent: how many; None: as many as hold the share ``explained`` of the variance.
    stride: only every so many-th window is learned.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> hours = np.arange(600)[None, :, None]
    >>> values = np.sin(hours / 24 * 2 * np.pi + np.arange(3)) + 0.1 * rng.normal(size=(2, 600, 3))
    >>> model = PrincipalComponents(window_steps=8, latent=2).fit(values)
    >>> values[1, 500:520, 2] += 2.0
    >>> scores = model.score(values)
    >>> scores.shape, bool(np.isnan(scores[:, :7]).all()), bool(scores[1, 515] > model.threshold_[1])
    ((2, 600), True, True)
    """

    KIND: ClassVar[str] = "principal_components"

    latent: int | None = None
    stride: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.latent is not None and self.latent < 1:
            raise ValueError(f"latent must be at least 1; received {self.latent}.")
        if self.latent is None and self.explained is None:
            raise ValueError("latent or explained must be given; received None for both.")

    def _learn(self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray) -> Arrays:
        return self._linear(frame, ends)

    def _linear(self, frame: Frame, ends: BoolArray) -> Arrays:
        return fit_components(
            frame, ends, self.window_steps, count=self.latent, explained=self.explained, stride=self.stride
        )

    def _decode(self, weights: Mapping[str, npt.NDArray[Any]], inputs: Float32) -> Iterator[Float32]:
        return decode_components(weights, inputs, self.channels_)

    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        count = self.latent or self._stored_count("encoder")
        return component_shapes(self.window_steps, self.channels_ + self.context_, self.channels_, count)
