"""A detection that cannot be reviewed stops no other one: it is said why, and it is tried again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone

import core.retries
from alerts import review, tasks
from alerts.changes import Conflict, record
from alerts.models import Alert, AlertEvent, ReviewFailure
from alerts.summary import Summary, summarise
from mlcore.models import Detection

from .alert_scenes import detected, revised, station

pytestmark = pytest.mark.django_db
Break = Callable[[Exception], None]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Break:
    """What a detection of SS-02 says cannot be summed up: its alert was looked for, and is not written yet."""
    monkeypatch.setattr(core.retries, "_traced", set())

    def break_with(error: Exception) -> None:
        def break_on_the_second(detections: list[Detection]) -> Summary:
            if any(detection.substation.code == "SS-02" for detection in detections):
                raise error
            return summarise(detections)

        monkeypatch.setattr(review, "summarise", break_on_the_second)

    return break_with


@pytest.fixture
def three() -> list[Detection]:
    return [detected(station(f"SS-0{number}")) for number in (1, 2, 3)]


def waiting_is_over() -> None:
    ReviewFailure.objects.update(retry_at=timezone.now() - timedelta(seconds=1))


def raised_for() -> list[str]:
    return list(Alert.objects.order_by("substation__code").values_list("substation__code", flat=True))


def test_where_nothing_fails_each_has_its_alert(three: list[Detection]) -> None:
    tasks.review_changed()
    assert raised_for() == ["SS-01", "SS-02", "SS-03"]
    assert not ReviewFailure.objects.exists()
    assert not review.has_unreviewed()


def test_the_others_have_their_alerts_though_one_fails(three: list[Detection], broken: Break) -> None:
    broken(KeyError("no such cause"))
    tasks.review_changed()
    assert raised_for() == ["SS-01", "SS-03"]
    failure = ReviewFailure.objects.get()
    assert (failure.detection, failure.reason, failure.attempts) == (three[1], "KeyError: 'no such cause'", 1)
    assert AlertEvent.objects.count() == 2


def test_a_sweep_does_not_spin_on_it_and_tries_again_when_its_time_has_come(
    three: list[Detection], broken: Break
) -> None:
    broken(KeyError("no such cause"))
    tasks.review_changed()
    assert not review.has_unreviewed()
    assert review.review_changed() == 0
    waiting_is_over()
    assert review.has_unreviewed()
    assert review.review_changed() == 1
    assert ReviewFailure.objects.get().attempts == 2


def test_what_changes_meanwhile_waits_with_it(three: list[Detection], broken: Break) -> None:
    broken(KeyError("no such cause"))
    tasks.review_changed()
    revised(three[1], loss_kwh=20.0)
    revised(three[2], loss_kwh=30.0)
    assert review.review_changed() == 1
    assert Alert.objects.get(substation=three[2].substation).loss_kwh == 30.0


def test_once_it_can_be_reviewed_the_failure_is_gone(
    three: list[Detection], broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(KeyError("no such cause"))
    tasks.review_changed()
    monkeypatch.setattr(review, "summarise", summarise)
    waiting_is_over()
    tasks.review_changed()
    assert raised_for() == ["SS-01", "SS-02", "SS-03"]
    assert not ReviewFailure.objects.exists()


def test_nothing_of_a_failed_review_is_kept(three: list[Detection], monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails after the alert's row was written: the row goes with it."""

    def break_on_the_second(alert: Alert, *more: Any, **named: Any) -> None:
        if alert.substation.code == "SS-02":
            raise ValueError("no room for an event")
        record(alert, *more, **named)

    monkeypatch.setattr(review, "record", break_on_the_second)
    tasks.review_changed()
    assert raised_for() == ["SS-01", "SS-03"]


def test_the_traceback_is_logged_once(three: list[Detection], broken: Break, caplog: pytest.LogCaptureFixture) -> None:
    broken(KeyError("no such cause"))
    with caplog.at_level(logging.ERROR):
        tasks.review_changed()
        waiting_is_over()
        tasks.review_changed()
    lines = [line for line in caplog.records if line.name == review.__name__]
    assert [line.exc_info is not None for line in lines] == [True, False]
    assert f"Detection {three[1].pk} of SS-02 cannot be reviewed" in lines[0].getMessage()


def test_who_was_overtaken_has_not_failed(three: list[Detection], broken: Break) -> None:
    broken(Conflict("Somebody else was faster."))
    tasks.review_changed()
    assert not ReviewFailure.objects.exists()
    assert review.has_unreviewed(), "the next sweep does it"


def test_a_race_for_the_one_open_alert_is_run_again_at_once(
    three: list[Detection], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = review.review, []

    def once_too_late(detection: Detection, *, now: datetime) -> Alert:
        calls.append(detection.substation.code)
        if calls.count("SS-02") == 1 and calls[-1] == "SS-02":
            raise IntegrityError("one_open_alert_per_substation_and_kind")
        return whole(detection, now=now)

    monkeypatch.setattr(review, "review", once_too_late)
    tasks.review_changed()
    assert calls == ["SS-01", "SS-02", "SS-02", "SS-03"]
    assert raised_for() == ["SS-01", "SS-02", "SS-03"]


def test_a_row_that_the_database_refuses_each_time_is_said_and_does_not_spin(
    three: list[Detection], broken: Break
) -> None:
    broken(IntegrityError("check constraint"))
    tasks.review_changed()
    assert ReviewFailure.objects.get().reason == "IntegrityError: check constraint"
    assert not review.has_unreviewed()


def test_a_database_that_is_away_is_no_detection_s_failure(three: list[Detection], broken: Break) -> None:
    broken(OperationalError("database is locked"))
    with pytest.raises(OperationalError):
        tasks.review_changed()
    assert not ReviewFailure.objects.exists()
