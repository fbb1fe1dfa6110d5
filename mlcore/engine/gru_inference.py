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
    """One GRU layer over a batch of windows, its state and its buffers.

    σ(x) = (1 + tanh(x/2)) / 2, and numpy's tanh is vectorised. The halves are put into the weights once, instead of
    into every step: all of update and reset gate, and what the reset gate lets through of the candidate.
    """

    def __init__(self, weights: Mapping[str, npt.NDArray[Any]], name: str, windows: int) -> None:
        bias = weights[f"{name}_bias"]
        substations, _, gates = bias.shape
        self.hidden = gates // 3
        both = 2 * self.hidden
        half, is_switch = np.float32(0.5), np.arange(gates) < both
        self.kernel = weights[f"{name}_kernel"].swapaxes(1, 2) * np.where(is_switch, half, np.float32(1.0))[:, None]
        self.recurrent = np.multiply(weights[f"{name}_recurrent"].swapaxes(1, 2), half, order="C")
        # The biases of update and reset gate can be added early; that of the candidate is inside the reset.
        self.bias = np.where(is_switch, half * (bias[:, 0] + bias[:, 1]), bias[:, 0])[:, :, None]
        self.inner_bias = half * bias[:, 1, both:, None]
        self.state = np.zeros((substations, self.hidden, windows), np.float32)
        self.gates = np.zeros((substations, gates, windows), np.float32)
        self.candidate = np.empty_like(self.state)
        self.is_first = True

    def project(self, inputs: Float32, out: Float32 | None = None) -> Float32:
        """The part of the gates that the input decides, [substation, 3 hidden, …]."""
        projected: Float32 = np.matmul(self.kernel, inputs, out=out)
        projected += self.bias
        return projected

    def step(self, projected: Float32) -> Float32:
        """Move on by one step; the new state [substation, hidden, window] (overwritten by the next step)."""
        both, state, candidate = 2 * self.hidden, self.state, self.candidate
        if not self.is_first:  # what would be multiplied at first is the empty state
            np.matmul(self.recurrent, state, out=self.gates)
        self.is_first = False
        switches, inner = self.gates[:, :both], self.gates[:, both:]
        switches += projected[:, :both]
        np.tanh(switches, out=switches)
        inner += self.inner_bias
        np.multiply(inner, switches[:, self.hidden :], out=candidate)
        candidate += inner
        candidate += projected[:, both:]
        np.tanh(candidate, out=candidate)
        update = switches[:, : self.hidden]
        update += np.float32(1.0)
        update *= np.float32(0.5)
        state -= candidate
        state *= update
        state += candidate
        return state


class _Layers:
    """The layers of the encoder or decoder, one above the other; those above share a buffer for what enters them."""

    def __init__(self, weights: Mapping[str, npt.NDArray[Any]], part: str, windows: int, number: int) -> None:
        self.first, *self.above = [_Layer(weights, f"{part}_{layer}", windows) for layer in range(number)]
        self.entering = np.empty_like(self.first.gates) if self.above else None

    def step(self, projected: Float32) -> Float32:
        """Move all layers on by one step; the state of the uppermost."""
        state = self.first.step(projected)
        for layer in self.above:
            state = layer.step(layer.project(state, self.entering))
        return state


def decode(weights: Mapping[str, npt.NDArray[Any]], inputs: Float32, architecture: Architecture) -> Iterator[Float32]:
    """For inputs [substation, feature, time], step by step of a window: what all windows look like after it.

    Yields ``window`` arrays [substation, channel, time − window + 1]; each is overwritten by the next.
    """
    length, count = architecture.window, inputs.shape[-1] - architecture.window + 1
    state = _run_encoder(weights, inputs, architecture, count)
    latent = np.matmul(weights["latent_kernel"].swapaxes(1, 2), state)
    latent += weights["latent_bias"][:, :, None]
    layers = _Layers(weights, "decoder", count, architecture.layers)
    shared = np.matmul(layers.first.kernel[:, :, : architecture.latent], latent)
    shared += layers.first.bias
    known = inputs[:, architecture.channels : architecture.channels + architecture.context]
    moving = np.matmul(layers.first.kernel[:, :, architecture.latent :], known) if architecture.context else None
    out = weights["output_kernel"].swapaxes(1, 2)
    decoded = np.empty((len(inputs), architecture.channels, count), np.float32)
    buffer = np.empty_like(shared)
    for step in range(length):
        projected = shared
        if moving is not None:
            projected = np.add(shared, moving[:, :, step : step + count], out=buffer)
        state = layers.step(projected)
        np.matmul(out, state, out=decoded)
        decoded += weights["output_bias"][:, :, None]
        yield decoded


def log_odds(weights: Mapping[str, npt.NDArray[Any]], inputs: Float32, architecture: Architecture) -> Float32:
    """What the head says of the windows of inputs [substation, feature, time]: [substation, cause, window]."""
    state = _run_encoder(weights, inputs, architecture, inputs.shape[-1] - architecture.window + 1)
    odds: Float32 = np.matmul(weights["head_kernel"].swapaxes(1, 2), state)
    odds += weights["head_bias"][:, :, None]
    return odds


def _run_encoder(
    weights: Mapping[str, npt.NDArray[Any]], inputs: Float32, architecture: Architecture, count: int
) -> Float32:
    layers = _Layers(weights, "encoder", count, architecture.layers)
    projected = layers.first.project(inputs)
    for step in range(architecture.window):
        state = layers.step(projected[:, :, step : step + count])
    return state
