"""The same network as a ``keras.Model`` of one substation: to look at, to save, to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .gru_weights import Architecture


def build_keras(architecture: Architecture) -> Any:
    """A GRU autoencoder [window, step, feature] → [window, step, channel], untrained; a head adds [window, cause]."""
    import keras

    inputs = keras.Input((architecture.window, architecture.features))
    states = inputs
    for layer in range(architecture.layers):
        is_last = layer == architecture.layers - 1
        states = keras.layers.GRU(architecture.hidden, return_sequences=not is_last, name=f"encoder_{layer}")(states)
    encoded = states
    latent = keras.layers.Dense(architecture.latent, name="latent")(encoded)
    states = keras.layers.RepeatVector(architecture.window)(latent)
    if architecture.context:
        known = inputs[:, :, architecture.channels : architecture.channels + architecture.context]
        states = keras.layers.Concatenate()([states, known])
    for layer in range(architecture.layers):
        states = keras.layers.GRU(architecture.hidden, return_sequences=True, name=f"decoder_{layer}")(states)
    outputs = keras.layers.Dense(architecture.channels, name="output")(states)
    if not architecture.causes:
        return keras.Model(inputs, outputs)
    return keras.Model(inputs, [outputs, keras.layers.Dense(architecture.causes, name="head")(encoded)])


def to_keras(weights: Mapping[str, npt.NDArray[Any]], architecture: Architecture, substation: int) -> Any:
    """The Keras model with one substation's weights."""
    model = build_keras(architecture)
    for layer, names in _by_layer(architecture).items():
        model.get_layer(layer).set_weights([weights[name][substation] for name in names])
    return model


def _by_layer(architecture: Architecture) -> dict[str, list[str]]:
    """Names of the weights of each layer of the Keras model."""
    layers: dict[str, list[str]] = {}
    for name in architecture.shapes():
        layers.setdefault(name.rsplit("_", 1)[0], []).append(name)
    return layers


def from_keras(model: Any, architecture: Architecture) -> dict[str, npt.NDArray[np.float32]]:
    """Weights [1, …] of a model that ``build_keras`` made."""
    layers = _by_layer(architecture)
    values = {
        name: value
        for layer in layers
        for name, value in zip(layers[layer], model.get_layer(layer).get_weights(), strict=True)
    }
    shapes = architecture.shapes()
    if {name: value.shape for name, value in values.items()} != shapes:
        raise ValueError(
            f"Expected weights of the shapes {list(shapes.values())}; received "
            f"{[value.shape for value in values.values()]}."
        )
    return {name: values[name][None] for name in shapes}
