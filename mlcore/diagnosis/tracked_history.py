"""Judged steps of one substation, and those that follow them, as one judgement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

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


def arrays_of(history: Judgement) -> list[Array]:
    """The arrays of a history in a fixed order, without those of parameters: ``restored`` puts them together again."""
    arrays: list[Array] = []

    def noted(array: Array) -> Array:
        arrays.append(array)
        return array

    def noted_fleet(fleet: Fleet) -> Fleet:
        offset_s = np.broadcast_to(np.asarray(fleet.utc_offset_s, dtype=np.int64), fleet.at_s.shape)
        arrays.extend((fleet.at_s, fleet.values, offset_s))
        return fleet

    map_arrays(noted, history, special={Fleet: noted_fleet, Parameters: lambda parameters: parameters})
    return arrays


def restored(like: Judgement, arrays: Sequence[Array]) -> Judgement | None:
    """The history that ``arrays_of`` took apart; None where it is of another form.

    like: of the same substation over other steps, judged by the same parameters.
    """
    wanted = arrays_of(like)
    if [_form(array) for array in wanted] != [_form(array) for array in arrays]:
        return None
    left: Iterator[Array] = iter(arrays)

    def fleet_of(fleet: Fleet) -> Fleet:
        at_s, values, offset_s = next(left), next(left), next(left)
        return replace(fleet, at_s=at_s, values=values, utc_offset_s=offset_s, groups=None)

    special: dict[type[Any], Any] = {Fleet: fleet_of, Parameters: lambda parameters: parameters}
    return map_arrays(lambda _: next(left), like, special=special)


def _form(array: Array) -> tuple[Any, ...]:
    """What does not depend on the number of steps."""
    return array.dtype.str, array.ndim, array.shape[2:]


def _one(fleet: Fleet, row: int) -> Fleet:
    """One substation that still knows how many neighbours it has."""
    return replace(fleet.only([fleet.codes[row]]), group_size=fleet.group_size[row : row + 1])
