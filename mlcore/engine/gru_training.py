"""Training: one backbone for the whole fleet, then a short stretch of fine-tuning for every substation at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .frames import Frame
from .gru_weights import Architecture, repeated
from .window_components import LINEAR, decode_components
from .windows import BoolArray, IntArray, window_starts

Arrays = dict[str, npt.NDArray[Any]]
Float32 = npt.NDArray[np.float32]

TOGETHER = 64
"""Substations fine-tuned at once: more of them take more memory, and no less time."""


@dataclass(frozen=True)
class Schedule:
    """How many updates, of how many windows each (per network), and the largest step size."""

    updates: int
    batch: int
    rate: float

    def rates(self) -> npt.NDArray[np.float32]:
        """[update] step sizes: a short rise, then down along half a cosine to a fiftieth."""
        share = (np.arange(self.updates) + 0.5) / max(self.updates, 1)
        wave = 0.02 + 0.98 * (0.5 + 0.5 * np.cos(np.pi * share))
        return (self.rate * wave * np.minimum(1.0, share / 0.05)).astype(np.float32)


def train_backbone(
    weights: Arrays,
    frame: Frame,
    starts: list[IntArray],
    architecture: Architecture,
    schedule: Schedule,
    seed: int,
    targets: Float32 | None = None,
) -> Arrays:
    """One network [1, …] from the windows of all substations, which count alike whatever they have.

    targets: see ``gru_graph.training_graph``; None rebuilds every window and knows no causes.
    """
    rng = np.random.default_rng(seed)
    length = frame.inputs.shape[-1]
    owners = [number for number, own in enumerate(starts) if len(own)]
    chosen = rng.integers(0, len(owners), (schedule.updates, schedule.batch))
    place = rng.random(chosen.shape)
    counts = np.array([len(starts[number]) for number in owners])
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    everything = np.concatenate([starts[number] + number * length for number in owners])
    order = everything[offsets[chosen] + (place * counts[chosen]).astype(np.int64)]
    joined = Frame(
        np.concatenate(list(frame.inputs), axis=-1)[None],
        np.concatenate(list(frame.present), axis=-1)[None],
        target=np.concatenate(list(frame.wanted), axis=-1)[None],
    )
    known = None if targets is None else np.concatenate(list(targets), axis=0)[None]
    return _run(weights, joined, known, order[:, None], architecture, schedule)


def fine_tune(
    weights: Arrays,
    frame: Frame,
    starts: list[IntArray],
    architecture: Architecture,
    schedule: Schedule,
    seed: int,
    targets: Float32 | None = None,
) -> Arrays:
    """A network per substation [substation, …], each from its own windows; all must have some."""
    own = repeated(weights, len(starts)) if len(next(iter(weights.values()))) == 1 else weights
    parts = []
    for first in range(0, len(starts), TOGETHER):
        rows = range(first, min(first + TOGETHER, len(starts)))
        order = [_shuffled(starts[row], schedule, np.random.default_rng([seed, row])) for row in rows]
        part = frame.part(slice(rows.start, rows.stop), 0, frame.inputs.shape[-1])
        begin = {name: value[rows.start : rows.stop] for name, value in own.items()}
        known = None if targets is None else targets[rows.start : rows.stop]
        parts.append(_run(begin, part, known, np.stack(order, axis=1), architecture, schedule))
    return {name: np.concatenate([part[name] for part in parts]) for name in own}


def what_is_left(
    frame: Frame, ends: BoolArray, linear: Mapping[str, npt.NDArray[Any]], window: int, stride: int
) -> tuple[Frame, BoolArray]:
    """The windows to be learned one after the other, with what the linear model leaves of each as the target.

    A row is left with something else in each window that holds it, so the windows are laid out in full.
    Returns the frame and the marked window ends [substation, time] in it.
    """
    starts = window_starts(ends, window, stride)
    length = max(map(len, starts)) * window
    laid_out = [np.zeros((len(ends), size, length), np.float32) for size in (frame.inputs.shape[1], frame.channels)]
    inputs, present = laid_out
    marked = np.zeros((len(ends), length), dtype=bool)
    for number, own in enumerate(starts):
        rows = (own[:, None] + np.arange(window)).ravel()
        inputs[number, :, : len(rows)] = frame.inputs[number][:, rows]
        present[number, :, : len(rows)] = frame.present[number][:, rows]
        marked[number, window - 1 : len(rows) : window] = True
    components = {name.removeprefix(LINEAR): value for name, value in linear.items() if name.startswith(LINEAR)}
    target = inputs[:, : frame.channels].copy()
    for step, written in enumerate(decode_components(components, inputs, frame.channels)):
        target[:, :, step::window] -= written[:, :, ::window]
    return Frame(inputs, present, target=target), marked


def _shuffled(starts: IntArray, schedule: Schedule, rng: np.random.Generator) -> IntArray:
    """[update, window]: every window once, then every window again."""
    needed = schedule.updates * schedule.batch
    rounds = [rng.permutation(starts) for _ in range(-(-needed // len(starts)))]
    return np.concatenate(rounds)[:needed].reshape(schedule.updates, schedule.batch)


def _run(
    weights: Arrays,
    frame: Frame,
    targets: Float32 | None,
    order: IntArray,
    architecture: Architecture,
    schedule: Schedule,
) -> Arrays:
    from .gru_graph import training_graph

    if not schedule.updates:
        return weights
    names = list(architecture.shapes())
    start = [weights[name].astype(np.float32) for name in names]
    zeros = [np.zeros_like(value) for value in start]
    series = (frame.inputs, frame.wanted, frame.present)
    rows, wanted, present = (np.ascontiguousarray(each.swapaxes(1, 2)) for each in series)
    train = training_graph(architecture)
    known = np.ones((*rows.shape[:2], 1), np.float32) if targets is None else np.ascontiguousarray(targets, np.float32)
    learned = train(start, zeros, zeros, rows, wanted, present, known, order.astype(np.int32), schedule.rates())
    return {name: value.numpy() for name, value in zip(names, learned, strict=True)}
