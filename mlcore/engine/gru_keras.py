"""The same network as a ``keras.Model`` of one substation: to look at, to save, to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .gru_weights import Architecture


def build_keras(architecture: Architecture) -> Any:
    """A GRU autoencoder [window, step, feature] → [window, step, channel], untrained."""
    import keras

    inputs = keras.Input((architecture.window, architecture.channels + architecture.context))
    states = inputs
    for layer in range(architecture.layers):
        states = keras.layers.GRU(architecture.hidden, return_sequences=layer < architecture.layers - 1)(states)
    latent = keras.layers.Dense(architecture.latent)(states)
    states = keras.layers.RepeatVector(architecture.window)(latent)
    if architecture.context:
        states = keras.layers.Concatenate()([states, inputs[:, :, architecture.channels :]])
    for _ in range(architecture.layers):
        states = keras.layers.GRU(architecture.hidden, return_sequences=True)(states)
    return keras.Model(inputs, keras.layers.Dense(architecture.channels)(states))


def to_keras(weights: Mapping[str, npt.NDArray[Any]], architecture: Architecture, substation: int) -> Any:
    """The Keras model with one substation's weights."""
    model = build_keras(architecture)
    model.set_weights([weights[name][substation] for name in architecture.shapes()])
    return model


def from_keras(model: Any, architecture: Architecture) -> dict[str, npt.NDArray[np.float32]]:
    """Weights [1, …] of a model that ``build_keras`` made."""
    values = model.get_weights()
    shapes = architecture.shapes()
    if [value.shape for value in values] != list(shapes.values()):
        raise ValueError(
            f"Expected weights of the shapes {list(shapes.values())}; received {[value.shape for value in values]}."
        )
    return {name: value[None] for name, value in zip(shapes, values, strict=True)}
