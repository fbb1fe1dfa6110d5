"""The contract without TensorFlow: principal components of windows, the linear autoencoder with the least error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .fitted import Arrays
from .frames import Frame
from .reconstruction import BoolArray, Float32, Reconstruction
from .windows import window_starts


@dataclass
class PrincipalComponents(Reconstruction):
    """Reconstruct a window from its ``latent`` first principal components, of each substation by itself.

    stride: only every so many-th window is learned.

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

    stride: int = 1

    def _learn(self, frame: Frame, ends: BoolArray, heldout: Frame, heldout_ends: BoolArray) -> Arrays:
        channels, features = frame.channels, frame.inputs.shape[1]
        size = self.window_steps * features
        middle = np.zeros((len(ends), size), np.float32)
        basis = np.zeros((len(ends), size, self.latent), np.float32)
        for number, starts in enumerate(window_starts(ends, self.window_steps, self.stride)):
            if len(starts) > 1:
                index = starts[:, None] + np.arange(self.window_steps)
                windows = frame.inputs[number].T[index].reshape(len(starts), size)
                middle[number] = windows.mean(axis=0)
                covariance = np.cov(windows - middle[number], rowvar=False)
                basis[number, :, : min(size, self.latent)] = np.linalg.eigh(covariance)[1][:, ::-1][:, : self.latent]
        shape = (len(ends), self.window_steps, features)
        return {
            "middle": middle.reshape(shape),
            "encoder": basis.reshape(*shape, self.latent),
            "decoder": basis.reshape(*shape, self.latent)[:, :, :channels].copy(),
        }

    def _decode(self, weights: Mapping[str, npt.NDArray[Any]], inputs: Float32) -> Iterator[Float32]:
        count = inputs.shape[-1] - self.window_steps + 1
        middle = weights["middle"][..., None]
        latent = np.zeros((len(inputs), self.latent, count), np.float32)
        for step in range(self.window_steps):
            moved = inputs[:, :, step : step + count] - middle[:, step]
            latent += np.matmul(weights["encoder"][:, step].swapaxes(1, 2), moved)
        for step in range(self.window_steps):
            yield np.matmul(weights["decoder"][:, step], latent) + middle[:, step, : self.channels_]

    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        window, features = self.window_steps, self.channels_ + self.context_
        return {
            "middle": (window, features),
            "encoder": (window, features, self.latent),
            "decoder": (window, self.channels_, self.latent),
        }
