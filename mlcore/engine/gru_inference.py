"""The GRU autoencoder's forward pass in numpy, for any number of substations with weights of their own.

Features first: a step of all windows is [substation, gate, window]. The first layer's product with its input
is made once per row instead of once per row and window, the decoder's once per window, since all steps share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .gru_weights import Architecture

Float32 = npt.NDArray[np.float32]


class _Layer:
    """One GRU layer over a batch of windows, its state and its buffers."""

    def __init__(self, weights: Mapping[str, npt.NDArray[Any]], name: str, windows: int) -> None:
        self.kernel = weights[f"{name}_kernel"].swapaxes(1, 2)
        self.recurrent = np.ascontiguousarray(weights[f"{name}_recurrent"].swapaxes(1, 2))
        bias = weights[f"{name}_bias"]
        substations, gates, self.hidden = self.recurrent.shape
        both = 2 * self.hidden
        # The biases of update and reset gate can be added early; that of the candidate is inside the reset.
        self.bias = bias[:, 0, :, None] + np.where(np.arange(gates) < both, bias[:, 1], np.float32(0.0))[:, :, None]
        self.inner_bias = bias[:, 1, both:, None]
        self.state = np.zeros((substations, self.hidden, windows), np.float32)
        self.gates = np.empty((substations, gates, windows), np.float32)
        self.candidate = np.empty_like(self.state)

    def project(self, inputs: Float32) -> Float32:
        """The part of the gates that the input decides, [substation, 3 hidden, …]."""
        projected: Float32 = np.matmul(self.kernel, inputs)
        projected += self.bias
        return projected

    def step(self, projected: Float32) -> Float32:
        """Move on by one step; the new state [substation, hidden, window] (overwritten by the next step)."""
        both, state, candidate = 2 * self.hidden, self.state, self.candidate
        np.matmul(self.recurrent, state, out=self.gates)
        switches = self.gates[:, :both]
        switches += projected[:, :both]
        # σ(x) = (1 + tanh(x/2)) / 2: numpy's tanh is vectorised, 1/(1 + exp(−x)) needs a division more.
        switches *= np.float32(0.5)
        np.tanh(switches, out=switches)
        switches *= np.float32(0.5)
        switches += np.float32(0.5)
        inner = self.gates[:, both:]
        inner += self.inner_bias
        np.multiply(inner, switches[:, self.hidden :], out=candidate)
        candidate += projected[:, both:]
        np.tanh(candidate, out=candidate)
        state -= candidate
        state *= switches[:, : self.hidden]
        state += candidate
        return state


def decode(weights: Mapping[str, npt.NDArray[Any]], inputs: Float32, architecture: Architecture) -> Iterator[Float32]:
    """For inputs [substation, feature, time], step by step of a window: what all windows look like after it.

    Yields ``window`` arrays [substation, channel, time − window + 1]; each is overwritten by the next.
    """
    length, count = architecture.window, inputs.shape[-1] - architecture.window + 1
    state = _run_encoder(weights, inputs, architecture, count)
    latent = np.matmul(weights["latent_kernel"].swapaxes(1, 2), state)
    latent += weights["latent_bias"][:, :, None]
    layers = [_Layer(weights, f"decoder_{layer}", count) for layer in range(architecture.layers)]
    shared = np.matmul(layers[0].kernel[:, :, : architecture.latent], latent)
    shared += layers[0].bias
    known = inputs[:, architecture.channels :]
    moving = np.matmul(layers[0].kernel[:, :, architecture.latent :], known) if architecture.context else None
    out = weights["output_kernel"].swapaxes(1, 2)
    decoded = np.empty((len(inputs), architecture.channels, count), np.float32)
    buffer = np.empty_like(shared)
    for step in range(length):
        projected = shared
        if moving is not None:
            projected = np.add(shared, moving[:, :, step : step + count], out=buffer)
        state = _through(layers, projected)
        np.matmul(out, state, out=decoded)
        decoded += weights["output_bias"][:, :, None]
        yield decoded


def _run_encoder(
    weights: Mapping[str, npt.NDArray[Any]], inputs: Float32, architecture: Architecture, count: int
) -> Float32:
    layers = [_Layer(weights, f"encoder_{layer}", count) for layer in range(architecture.layers)]
    projected = layers[0].project(inputs)
    for step in range(architecture.window):
        state = _through(layers, projected[:, :, step : step + count])
    return state


def _through(layers: list[_Layer], projected: Float32) -> Float32:
    state = layers[0].step(projected)
    for layer in layers[1:]:
        state = layer.step(layer.project(state))
    return state
