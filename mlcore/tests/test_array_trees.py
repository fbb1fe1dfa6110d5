"""Dataclasses of arrays, changed as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlcore.diagnosis.array_trees import map_arrays


@dataclass(frozen=True)
class Leaf:
    values: np.ndarray
    name: str = "leaf"


@dataclass(frozen=True)
class Branch:
    leaf: Leaf
    others: Mapping[str, np.ndarray]
    count: int = 3


def branch(factor: float = 1.0) -> Branch:
    return Branch(Leaf(factor * np.arange(3.0)), {"a": factor * np.ones(2)})


def test_every_array_is_made_anew_and_everything_else_stays() -> None:
    doubled = map_arrays(lambda values: 2 * values, branch())
    np.testing.assert_array_equal(doubled.leaf.values, [0.0, 2.0, 4.0])
    np.testing.assert_array_equal(doubled.others["a"], [2.0, 2.0])
    assert (doubled.leaf.name, doubled.count) == ("leaf", 3)


def test_the_original_is_not_touched() -> None:
    before = branch()
    map_arrays(lambda values: 2 * values, before)
    np.testing.assert_array_equal(before.leaf.values, [0.0, 1.0, 2.0])


def test_trees_of_one_form_are_joined_place_by_place() -> None:
    joined = map_arrays(lambda *values: np.concatenate(values), branch(1.0), branch(10.0))
    np.testing.assert_array_equal(joined.leaf.values, [0.0, 1.0, 2.0, 0.0, 10.0, 20.0])
    np.testing.assert_array_equal(joined.others["a"], [1.0, 1.0, 10.0, 10.0])


def test_what_is_special_is_made_by_its_own_rule_and_not_looked_into() -> None:
    kept = map_arrays(lambda values: 2 * values, branch(), special={Leaf: lambda leaf: leaf})
    np.testing.assert_array_equal(kept.leaf.values, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(kept.others["a"], [2.0, 2.0])


def test_what_stands_in_two_places_is_made_once_and_stands_in_both() -> None:
    shared, calls = np.ones(2), []

    def made(values: np.ndarray) -> np.ndarray:
        calls.append(len(values))
        return 5 * values

    twice = map_arrays(made, Branch(Leaf(shared), {"a": shared}))
    assert twice.leaf.values is twice.others["a"]
    assert calls == [2]
