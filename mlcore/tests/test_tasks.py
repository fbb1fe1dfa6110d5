"""The scoring task: it scores, and calls in other workers where there is much to do."""

from __future__ import annotations

from typing import Any

import pytest
from kombu.exceptions import OperationalError

from mlcore import services
from mlcore.tasks import MAX_HELPERS, score_pending

SCORED = {"wait_for_training": True}
HELP = {"kwargs": {"helps": True}, "chain": None}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was called, in order."""
    calls: list[object] = []
    monkeypatch.setattr(score_pending, "apply_async", lambda **values: calls.append(values))
    monkeypatch.setattr(services, "score_pending", lambda **values: calls.append(values))
    return calls


@pytest.mark.parametrize(("waiting", "helpers"), [(0, 0), (1, 0), (2, 1), (4, 3), (200, MAX_HELPERS)])
def test_help_is_called_when_more_than_one_batch_waits(
    called: list[object], monkeypatch: pytest.MonkeyPatch, waiting: int, helpers: int
) -> None:
    monkeypatch.setattr(services, "batches_waiting", lambda: waiting)
    score_pending()
    assert called == [*[HELP] * helpers, SCORED]


def test_who_helps_calls_nobody(called: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "batches_waiting", lambda: 20)
    score_pending(helps=True)
    assert called == [SCORED]


def test_what_follows_the_task_follows_each_helper(called: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "batches_waiting", lambda: 2)
    review: Any = {"task": "alerts.tasks.review_changed"}
    score_pending.push_request(chain=[review])  # type: ignore[call-arg]  # the stubs know no fields of a request
    try:
        score_pending.run()
    finally:
        score_pending.pop_request()
    assert called == [HELP | {"chain": [review]}, SCORED]


def test_without_a_broker_it_scores_alone(called: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**values: Any) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(services, "batches_waiting", lambda: 20)
    monkeypatch.setattr(score_pending, "apply_async", refuse)
    score_pending()
    assert called == [SCORED]
