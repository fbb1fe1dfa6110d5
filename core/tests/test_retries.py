"""What cannot be done for one row: the reason in one line, and waits that double up to an hour."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from core import retries
from core.retries import MAX_REASON, log_failure, reason_of
from mlcore.models import ScoringFailure
from substations.models import Substation

MINUTE = timedelta(minutes=1)


def raised(error: Exception) -> Exception:
    """The error with the traceback of this line."""
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("tap  at\n 17"), "ValueError: tap at 17"),
        (RuntimeError(), "RuntimeError"),
        (KeyError("kva"), "KeyError: 'kva'"),
    ],
)
def test_a_reason_is_one_line_with_the_kind_of_error(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_a_long_reason_is_cut_to_what_the_column_holds() -> None:
    assert len(reason_of(ValueError("x" * 1000))) == MAX_REASON


@pytest.mark.django_db
def test_waits_double_from_a_minute_to_an_hour_and_the_first_time_stays() -> None:
    pk = Substation.objects.create(code="A").pk
    waits = []
    for _attempt in range(8):
        ScoringFailure.objects.record({pk: ValueError("no")})
        failure = ScoringFailure.objects.get()
        waits.append((failure.retry_at - failure.failed_at) / MINUTE)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert failure.attempts == 8
    assert failure.first_failed_at < failure.failed_at


@pytest.mark.django_db
def test_only_what_waits_for_its_next_attempt_is_held_back() -> None:
    waiting, ready = (Substation.objects.create(code=code).pk for code in "AB")
    ScoringFailure.objects.record({waiting: ValueError("no"), ready: ValueError("no")})
    ScoringFailure.objects.filter(pk=ready).update(retry_at=timezone.now() - MINUTE)
    assert ScoringFailure.objects.held_back(timezone.now()) == {waiting}
    ScoringFailure.objects.succeeded([waiting])
    assert list(ScoringFailure.objects.values_list("pk", flat=True)) == [ready]


def test_a_kind_of_failure_is_traced_once_and_another_kind_once_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retries, "_traced", set())
    logger = logging.getLogger("core.tests")
    for error in (ValueError("a"), ValueError("b"), KeyError("c")):
        log_failure(logger, "It fails", raised(error))
    assert [line.getMessage() for line in caplog.records] == [
        "It fails: ValueError: a", "It fails: ValueError: b", "It fails: KeyError: 'c'",
    ]  # fmt: skip
    assert [line.exc_info is not None for line in caplog.records] == [True, False, True]
