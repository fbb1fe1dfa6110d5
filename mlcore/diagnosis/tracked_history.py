"""Judged steps of one substation, and those that follow them, as one judgement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlcore.diagnosis.array_trees import map_arrays
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.history import Array
from mlcore.diagnosis.judgement import Judgement
from mlcore.diagnosis.parameters import Parameters


def of_substation(judgement: Judgement, row: int) -> Judgement:
    """What was judged of one substation; the substation axis stays, with length 1."""
    special = {Fleet: lambda fleet: _one(fleet, row)}
    return map_arrays(lambda array: array[row : row + 1].copy(), judgement, special=special)


def followed(history: Judgement, new: Judgement, row: int) -> Judgement:
    """The history of one substation with the newer steps of a whole fleet behind it; constants stay as they are."""
    steps = len(history.fleet.at_s)

    def joined(before: Array, after: Array) -> Array:
        if before.ndim < 2 or before.shape[1] != steps:
            return before
        return np.concatenate([before, after[row : row + 1]], axis=1)

    special = {
        Fleet: lambda before, after: before.followed_by(_one(after, row)),
        Parameters: lambda before, _: before,
    }
    return map_arrays(joined, history, new, special=special)


def shortened(history: Judgement, steps: int) -> Judgement:
    """The history without its newest steps."""
    if not steps:
        return history
    count = len(history.fleet.at_s)

    def cut(array: Array) -> Array:
        return array[:, : count - steps] if array.ndim > 1 and array.shape[1] == count else array

    special = {Fleet: lambda fleet: fleet.until(count - steps), Parameters: lambda parameters: parameters}
    return map_arrays(cut, history, special=special)


def _one(fleet: Fleet, row: int) -> Fleet:
    """One substation that still knows how many neighbours it has."""
    return replace(fleet.only([fleet.codes[row]]), group_size=fleet.group_size[row : row + 1])
