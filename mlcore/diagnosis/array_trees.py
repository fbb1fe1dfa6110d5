"""Dataclasses of arrays, nested as one likes, taken apart and put together as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

Tree = TypeVar("Tree")


def map_arrays(
    of_arrays: Callable[..., Any], *trees: Tree, special: Mapping[type[Any], Callable[..., Any]] | None = None
) -> Tree:
    """Trees of one form as one tree, each array made by ``of_arrays`` from those in its place.

    special: what makes values of a type that is not to be looked into. What appears twice in a tree is made once.
    """
    made: dict[int, Any] = {}

    def walk(*parts: Any) -> Any:
        if id(parts[0]) not in made:
            made[id(parts[0])] = make(*parts)
        return made[id(parts[0])]

    def make(first: Any, *others: Any) -> Any:
        if special and type(first) in special:
            return special[type(first)](first, *others)
        if isinstance(first, np.ndarray):
            return of_arrays(first, *others)
        if isinstance(first, Mapping):
            return {name: walk(value, *(other[name] for other in others)) for name, value in first.items()}
        if is_dataclass(first) and not isinstance(first, type):
            return replace(
                first, **{f.name: walk(*(getattr(tree, f.name) for tree in (first, *others))) for f in fields(first)}
            )
        return first

    whole: Tree = walk(*trees)
    return whole
