"""Names, shapes and first values of the weights of the GRU autoencoder; every array has a leading substation axis.

Per layer the layout is that of ``keras.layers.GRU`` (gates in the order update, reset, candidate; reset after the
product): kernel [input, 3 hidden], recurrent [hidden, 3 hidden], bias [2, 3 hidden].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Architecture:
    """Sizes of the network: channels are reconstructed, context is known beforehand.

    evidence: further features that the encoder alone sees. causes: outputs of the head on the encoder's last state.
    """

    channels: int
    context: int
    hidden: int
    latent: int
    layers: int
    window: int
    evidence: int = 0
    causes: int = 0

    @property
    def features(self) -> int:
        """Width of a row of a window: channels, context, evidence."""
        return self.channels + self.context + self.evidence

    def inputs_of(self, part: str, layer: int) -> int:
        """Width of what enters a layer of the encoder or decoder."""
        if layer:
            return self.hidden
        return self.features if part == "encoder" else self.context + self.latent

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each weight without the substation axis, in the order of ``keras.Model.get_weights``."""
        gates = 3 * self.hidden
        shapes: dict[str, tuple[int, ...]] = {}
        for part in ("encoder", "decoder"):
            for layer in range(self.layers):
                shapes[f"{part}_{layer}_kernel"] = (self.inputs_of(part, layer), gates)
                shapes[f"{part}_{layer}_recurrent"] = (self.hidden, gates)
                shapes[f"{part}_{layer}_bias"] = (2, gates)
            if part == "encoder":
                shapes |= {"latent_kernel": (self.hidden, self.latent), "latent_bias": (self.latent,)}
        shapes |= {"output_kernel": (self.hidden, self.channels), "output_bias": (self.channels,)}
        if self.causes:
            shapes |= {"head_kernel": (self.hidden, self.causes), "head_bias": (self.causes,)}
        return shapes


def first_weights(architecture: Architecture, seed: int) -> dict[str, Float32]:
    """Weights of one network [1, …] to start from: uniform (Glorot 2010), recurrent ones orthogonal, biases 0."""
    rng = np.random.default_rng(seed)
    return {name: _first(rng, name, shape)[None] for name, shape in architecture.shapes().items()}


def _first(rng: np.random.Generator, name: str, shape: tuple[int, ...]) -> Float32:
    if name.endswith("bias"):
        return np.zeros(shape, np.float32)
    if name.endswith("recurrent"):
        rows, columns = shape
        squares = [np.linalg.qr(rng.normal(size=(rows, rows)))[0] for _ in range(columns // rows)]
        return np.concatenate(squares, axis=1).astype(np.float32)
    limit = np.sqrt(6.0 / (shape[0] + shape[1]))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def repeated(weights: dict[str, npt.NDArray[Any]], count: int) -> dict[str, npt.NDArray[Any]]:
    """The weights of one network for each of ``count`` substations."""
    return {name: np.repeat(value, count, axis=0) for name, value in weights.items()}
