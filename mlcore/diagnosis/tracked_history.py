"""Judged steps of one substation, and those that follow them: dataclasses of arrays, cut and joined as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.judgement import Judged

Array = NDArray[Any]


def of_substation(judged: Judged, row: int) -> Judged:
    """What was judged of one substation; the substation axis stays, with length 1."""
    return _combined(lambda array: array[row : row + 1].copy(), lambda fleet: _one(fleet, row), judged)


def followed(history: Judged, new: Judged, row: int) -> Judged:
    """The history of one substation with the newer steps of a whole fleet behind it; constants stay as they are."""
    steps = len(history.prepared.fleet.at_s)

    def joined(before: Array, after: Array) -> Array:
        if before.ndim < 2 or before.shape[1] != steps:
            return before
        return np.concatenate([before, after[row : row + 1]], axis=1)

    whole = _combined(joined, lambda before, after: before.followed_by(_one(after, row)), history, new)
    return replace(whole, learnt=history.learnt)


def shortened(history: Judged, steps: int) -> Judged:
    """The history without its newest steps."""
    if not steps:
        return history
    count = len(history.prepared.fleet.at_s)

    def cut(array: Array) -> Array:
        return array[:, : count - steps] if array.ndim > 1 and array.shape[1] == count else array

    whole = _combined(cut, lambda fleet: fleet.until(count - steps), history)
    return replace(whole, learnt=history.learnt)


def _one(fleet: Fleet, row: int) -> Fleet:
    """One substation that still knows how many neighbours it has."""
    return replace(fleet.only([fleet.codes[row]]), group_size=fleet.group_size[row : row + 1])


def _combined(of_arrays: Callable[..., Array], of_fleets: Callable[..., Fleet], *trees: Judged) -> Judged:
    """Trees of the same form as one; what appears twice in a tree is made once."""
    made: dict[int, Any] = {}

    def walk(*parts: Any) -> Any:
        first = parts[0]
        if id(first) not in made:
            made[id(first)] = make(first, *parts[1:])
        return made[id(first)]

    def make(first: Any, *others: Any) -> Any:
        if isinstance(first, Fleet):
            return of_fleets(first, *others)
        if isinstance(first, np.ndarray):
            return of_arrays(first, *others)
        if isinstance(first, Mapping):
            return {name: walk(value, *(other[name] for other in others)) for name, value in first.items()}
        if is_dataclass(first) and not isinstance(first, type):
            parts = {f.name: walk(*(getattr(one, f.name) for one in (first, *others))) for f in fields(first)}
            return replace(first, **parts)
        return first

    whole: Judged = walk(*trees)
    return whole
