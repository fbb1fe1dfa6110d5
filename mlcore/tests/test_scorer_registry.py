"""The scorers that a process keeps: one per batch, and none of a batch that is no more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mlcore.scoring.scorers import BatchScorer, ScorerRegistry

from .grid import moment


def batch(*ids: int) -> Any:
    return SimpleNamespace(ids=ids)


def scorer(until_s: int | None = None) -> BatchScorer:
    inner: Any = SimpleNamespace(judged_until_s=until_s)
    fleet: Any = None
    return BatchScorer(basis=None, scorer=inner, fleet=fleet, detectors={})


def test_what_was_put_is_taken_once() -> None:
    registry, kept = ScorerRegistry(), scorer()
    registry.put(batch(1, 2), kept)
    assert registry.take(batch(1, 2)) is kept
    assert registry.take(batch(1, 2)) is None, "whoever fails with it does not put it back"


def test_each_batch_has_its_own() -> None:
    registry, first, second = ScorerRegistry(), scorer(), scorer()
    registry.put(batch(1, 2), first)
    registry.put(batch(3), second)
    assert registry.take(batch(3)) is second
    assert registry.kept == [first]


def test_a_batch_that_took_substations_from_others_ends_their_scorers() -> None:
    registry, apart = ScorerRegistry(), scorer()
    registry.put(batch(1, 2), scorer())
    registry.put(batch(3, 4), scorer())
    registry.put(batch(5), apart)
    assert registry.take(batch(2, 3)) is None
    assert registry.kept == [apart]


def test_a_new_process_keeps_none() -> None:
    registry = ScorerRegistry()
    registry.put(batch(1), scorer())
    registry.clear()
    assert registry.kept == []


def test_a_scorer_says_up_to_when_it_has_judged() -> None:
    assert scorer().judged_until is None
    assert scorer(1_772_409_600).judged_until == moment(1_772_409_600)
