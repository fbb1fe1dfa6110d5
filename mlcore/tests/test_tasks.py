"""The scoring task: it scores, and calls in other workers where there is much to do."""

from __future__ import annotations

import pytest

from mlcore import services
from mlcore.tasks import score_pending
from smart_ems import pipeline


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was called, in order."""
    calls: list[object] = []
    monkeypatch.setattr(pipeline, "call_helpers", calls.append)
    monkeypatch.setattr(services, "score_pending", lambda **values: calls.append(values))
    return calls


@pytest.mark.parametrize(("scoring_batches", "helpers"), [(0, []), (1, []), (2, [2]), (20, [20])])
def test_help_is_called_when_more_than_one_block_waits(
    called: list[object], monkeypatch: pytest.MonkeyPatch, scoring_batches: int, helpers: list[int]
) -> None:
    monkeypatch.setattr(services, "batches_waiting", lambda: scoring_batches)
    score_pending()
    assert called == [*helpers, {"wait_for_training": True}]


def test_who_helps_calls_nobody(called: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "batches_waiting", lambda: 20)
    score_pending(helps=True)
    assert called == [{"wait_for_training": True}]
