"""Principal components of windows: the linear model that comes before any network, and the one to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .frames import Frame
from .windows import BoolArray, window_starts

LINEAR = "linear_"
"""What the names of these weights begin with in a model that has others beside them."""

Array = npt.NDArray[Any]
Float32 = npt.NDArray[np.float32]


def fit_components(
    frame: Frame, ends: BoolArray, window: int, *, count: int | None, explained: float | None, stride: int = 1
) -> dict[str, Array]:
    """The first components of the windows that end at ``ends`` [substation, time], of each substation by itself.

    count: how many; None: as many as hold the share ``explained`` of the windows' variance. Substations that need
    fewer than another have zeros behind theirs. Two windows or more are needed; with fewer nothing is reconstructed.

    Returns middle [substation, step, feature], encoder [substation, step, feature, component] and decoder
    [substation, step, channel, component].
    """
    features = frame.inputs.shape[1]
    size = window * features
    middle = np.zeros((len(ends), size), np.float32)
    found: list[Array] = []
    for number, starts in enumerate(window_starts(ends, window, stride)):
        axes = np.zeros((size, 0))
        if len(starts) > 1:
            windows = frame.inputs[number].T[starts[:, None] + np.arange(window)].reshape(len(starts), size)
            middle[number] = windows.mean(axis=0)
            strengths, axes = np.linalg.eigh(np.cov(windows - middle[number], rowvar=False))
            axes = axes[:, ::-1][:, : _needed(strengths[::-1], explained) if count is None else count]
        found.append(axes)
    wanted = max(1, *(axes.shape[1] for axes in found)) if count is None else count
    basis = np.zeros((len(ends), size, wanted), np.float32)
    for number, axes in enumerate(found):
        basis[number, :, : axes.shape[1]] = axes
    shape = (len(ends), window, features)
    encoder = basis.reshape(*shape, wanted)
    return {"middle": middle.reshape(shape), "encoder": encoder, "decoder": encoder[:, :, : frame.channels].copy()}


def _needed(strengths: Array, explained: float | None) -> int:
    """How many of the strengths, largest first, add up to a share of all of them; none where nothing moves."""
    positive = np.maximum(strengths, 0.0)
    if explained is None or positive.sum() <= 0:
        return 0
    return int(np.searchsorted(np.cumsum(positive) / positive.sum(), explained - 1e-9)) + 1


def decode_components(weights: Mapping[str, Array], inputs: Float32, channels: int) -> Iterator[Float32]:
    """For each step of the windows of inputs [substation, feature, time]: [substation, channel, window]."""
    window = weights["middle"].shape[1]
    count = inputs.shape[-1] - window + 1
    middle = weights["middle"][..., None]
    latent = np.zeros((len(inputs), weights["encoder"].shape[-1], count), np.float32)
    for step in range(window):
        moved = inputs[:, :, step : step + count] - middle[:, step]
        latent += np.matmul(weights["encoder"][:, step].swapaxes(1, 2), moved)
    for step in range(window):
        yield np.matmul(weights["decoder"][:, step], latent) + middle[:, step, :channels]


def component_shapes(window: int, features: int, channels: int, count: int) -> dict[str, tuple[int, ...]]:
    """Shape of each array without the substation axis."""
    return {
        "middle": (window, features),
        "encoder": (window, features, count),
        "decoder": (window, channels, count),
    }
