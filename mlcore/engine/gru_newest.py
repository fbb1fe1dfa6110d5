"""The GRU autoencoder's forward pass where each substation has one window alone, as in a live tick.

Then there is no matrix product, only a vector times the matrix of each substation: the weights are read where they lie,
without turning them round, and what is done between the products runs over whole contiguous arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .gru_weights import Architecture

Float32 = npt.NDArray[np.float32]


def decode_newest(weights: Mapping[str, npt.NDArray[Any]], inputs: Float32, architecture: Architecture) -> Float32:
    """One window of each substation [substation, feature, window], rebuilt: [substation, channel, window]."""
    rows = inputs.swapaxes(1, 2)
    states = _encoded(weights, rows, architecture)
    latent = np.matmul(states[:, -1:], weights["latent_kernel"]) + weights["latent_bias"][:, None]
    kernel = weights["decoder_0_kernel"]
    known = rows[..., architecture.channels : architecture.channels + architecture.context]
    entering = np.matmul(known, kernel[:, architecture.latent :])
    entering += np.matmul(latent, kernel[:, : architecture.latent])
    states = _states(weights, "decoder_0", entering)
    for layer in range(1, architecture.layers):
        states = _states(weights, f"decoder_{layer}", np.matmul(states, weights[f"decoder_{layer}_kernel"]))
    decoded: Float32 = np.matmul(states, weights["output_kernel"])
    decoded += weights["output_bias"][:, None]
    return decoded.swapaxes(1, 2)


def log_odds_newest(weights: Mapping[str, npt.NDArray[Any]], inputs: Float32, architecture: Architecture) -> Float32:
    """What the head says of one window of each substation [substation, feature, window]: [substation, cause, 1]."""
    states = _encoded(weights, inputs.swapaxes(1, 2), architecture)
    odds: Float32 = np.matmul(states[:, -1:], weights["head_kernel"]) + weights["head_bias"][:, None]
    return odds.swapaxes(1, 2)


def _encoded(weights: Mapping[str, npt.NDArray[Any]], rows: Float32, architecture: Architecture) -> Float32:
    """[substation, step, hidden] states of the uppermost layer of the encoder over rows [substation, step, feature]."""
    states = rows
    for layer in range(architecture.layers):
        states = _states(weights, f"encoder_{layer}", np.matmul(states, weights[f"encoder_{layer}_kernel"]))
    return states


def _states(weights: Mapping[str, npt.NDArray[Any]], name: str, entering: Float32) -> Float32:
    """States [substation, step, hidden] of a layer, given what enters the gates [substation, step, 3 hidden]."""
    recurrent, bias = weights[f"{name}_recurrent"], weights[f"{name}_bias"]
    substations, hidden, gates = recurrent.shape
    both, half = 2 * hidden, np.float32(0.5)
    to_switches, to_candidate = _by_step(entering, bias, both)
    inner_bias = np.ascontiguousarray(bias[:, 1, both:])
    product = np.zeros((substations, gates), np.float32)
    switches = np.empty((substations, both), np.float32)
    candidate = np.empty((substations, hidden), np.float32)
    states = np.empty((len(to_switches), substations, hidden), np.float32)
    state = np.zeros((substations, hidden), np.float32)
    for step, after in enumerate(states):
        if step:
            np.matmul(state[:, None], recurrent, out=product[:, None])
        np.add(product[:, :both], to_switches[step], out=switches)
        # σ(x) = (1 + tanh(x/2)) / 2
        switches *= half
        np.tanh(switches, out=switches)
        switches += np.float32(1.0)
        switches *= half
        np.add(product[:, both:], inner_bias, out=candidate)
        candidate *= switches[:, hidden:]
        candidate += to_candidate[step]
        np.tanh(candidate, out=candidate)
        np.subtract(state, candidate, out=after)
        after *= switches[:, :hidden]
        after += candidate
        state = after
    return states.swapaxes(0, 1)


def _by_step(entering: Float32, bias: Float32, both: int) -> tuple[Float32, Float32]:
    """What enters the switches and the candidate, the steps first, with the biases that can be added early."""
    steps = entering.swapaxes(0, 1)
    switches = steps[..., :both] + (bias[:, 0, :both] + bias[:, 1, :both])
    candidate = steps[..., both:] + bias[:, 0, both:]
    return np.ascontiguousarray(switches), np.ascontiguousarray(candidate)
