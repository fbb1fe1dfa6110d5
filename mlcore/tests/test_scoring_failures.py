"""Whatever fails for one substation fails for it alone: the others are judged, and it is said and tried again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

import core.retries
from mlcore.diagnosis import judgement, whole_record
from mlcore.models import Detection, Score, ScoringFailure
from mlcore.scoring import failures, live, pending, reconcile
from mlcore.scoring.pending import score_pending
from mlcore.scoring.scorers import ScorerRegistry
from substations.models import PendingRange, Reading, Substation
from substations.simulation import Simulation

from .grid import FAULTY, detections, scores, stored, trained_and_scored
from .test_live import arrive, assert_as_judged_whole, running
from .test_scoring import close

__all__ = ["running"]
pytestmark = pytest.mark.django_db
OTHERS = ["SS-01", "SS-03", "SS-04"]
Break = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(autouse=True)
def first_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.retries, "_traced", set())


def everywhere(patch: pytest.MonkeyPatch, name: str, instead: Any) -> None:
    """Put a function in the place of one of the diagnosis, also where it was imported by its name."""
    for module in (judgement, whole_record, live):
        if hasattr(module, name):
            patch.setattr(module, name, instead)


def cannot_judge(patch: pytest.MonkeyPatch) -> None:
    whole = judgement.judge

    def judge(fleet: Any, *more: Any, **named: Any) -> Any:
        if FAULTY in fleet.codes:
            raise ZeroDivisionError("a tap of nothing")
        return whole(fleet, *more, **named)

    everywhere(patch, "judge", judge)


def cannot_say(patch: pytest.MonkeyPatch) -> None:
    whole = judgement.findings

    def findings(judged: Any, models: Any) -> Any:
        if FAULTY in judged.fleet.codes:
            raise KeyError("no word for it")
        return whole(judged, models)

    everywhere(patch, "findings", findings)


def cannot_store(patch: pytest.MonkeyPatch) -> None:
    whole = reconcile._fields

    def fields(finding: Any, *more: Any) -> Any:
        found = whole(finding, *more)
        return found | {"evidence": {"oil_c": float("nan")}} if finding.substation == FAULTY else found

    patch.setattr(reconcile, "_fields", fields)


NAN_REFUSED = "ValueError: evidence.oil_c is nan, which JSON does not know: store None for what is not known."
BREAKS = pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (cannot_judge, "ZeroDivisionError: a tap of nothing"),
        (cannot_say, "KeyError: 'no word for it'"),
        (cannot_store, NAN_REFUSED),
    ],
)


@BREAKS
def test_a_record_of_which_one_substation_fails_is_judged_of_the_others_in_the_same_run(
    grid: Simulation, monkeypatch: pytest.MonkeyPatch, break_it: Break, reason: str
) -> None:
    Reading.objects.filter(substation__code=FAULTY).update(power_factor=1.2)  # something has to be said of it
    with monkeypatch.context() as patch:
        break_it(patch)
        assert score_pending() == Reading.objects.filter(substation__code__in=OTHERS).count()
        assert score_pending() == 0, "it does not spin"
    assert sorted(Score.objects.values_list("substation__code", flat=True).distinct()) == OTHERS
    assert not Detection.objects.filter(substation__code=FAULTY).exists()
    failure = ScoringFailure.objects.get()
    assert (failure.substation.code, failure.reason, failure.attempts) == (FAULTY, reason, 1)
    assert [each.substation.code for each in PendingRange.objects.all()] == [FAULTY]


@BREAKS
def test_live_readings_of_the_others_go_on_and_it_catches_up_when_it_can(
    running: Simulation, monkeypatch: pytest.MonkeyPatch, break_it: Break, reason: str
) -> None:
    scorers = ScorerRegistry()
    for hour in range(14):
        arrive(running, hour)
        score_pending(scorers=scorers)
    assert Detection.objects.ongoing().filter(substation__code=FAULTY).exists()
    with monkeypatch.context() as patch:
        break_it(patch)
        for hour in range(14, 18):
            arrive(running, hour)
            assert score_pending(scorers=scorers) == 3
        assert ScoringFailure.objects.get().reason == reason
        assert PendingRange.objects.filter(substation__code=FAULTY).count() == 4
        assert PendingRange.objects.exclude(substation__code=FAULTY).count() == 0
    ScoringFailure.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
    assert score_pending(scorers=scorers) > 0
    assert not ScoringFailure.objects.exists()
    assert not PendingRange.objects.exists()
    assert_as_judged_whole(running)


def test_every_further_attempt_waits_longer_and_keeps_the_first_time(
    grid: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_judge(monkeypatch)
    waits = []
    for _ in range(9):
        score_pending()
        failure = ScoringFailure.objects.get()
        waits.append((failure.retry_at - failure.failed_at).total_seconds() / 60)
        ScoringFailure.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert failure.attempts == 9
    assert failure.first_failed_at < failure.failed_at


def test_what_fails_for_the_group_and_for_nobody_alone_is_judged_alone(
    grid: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = judgement.judge

    def judge(fleet: Any, *more: Any) -> Any:
        if len(fleet.codes) > 1:
            raise RuntimeError("a feeder in a circle")
        return whole(fleet, *more)

    everywhere(monkeypatch, "judge", judge)
    assert score_pending() == Reading.objects.count()
    assert not ScoringFailure.objects.exists()
    assert not PendingRange.objects.exists()


def test_a_database_that_is_away_is_no_substation_s_failure(grid: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(pending, "store_piece", away)
    with pytest.raises(OperationalError):
        score_pending()
    assert not ScoringFailure.objects.exists()
    assert PendingRange.objects.count() == 4


@pytest.mark.usefixtures("no_autoencoder")
def test_the_others_come_to_what_they_would_have_without_it(made: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(made)
    with monkeypatch.context() as patch:
        cannot_judge(patch)
        trained_and_scored()
    mine, found = scores(), detections()
    Substation.objects.get(code=FAULTY).delete()
    Score.objects.all().delete()
    Detection.objects.all().delete()
    for substation in Substation.objects.all():
        first, last = (substation.readings.order_by(order)[0].at for order in ("at", "-at"))
        PendingRange.objects.create(substation=substation, start=first, end=last)
    score_pending()
    close(mine, scores())
    close(found, detections())


def test_one_kind_of_failure_is_traced_once(
    grid: Simulation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cannot_judge(monkeypatch)
    with caplog.at_level(logging.ERROR):
        score_pending()
        ScoringFailure.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
        score_pending()
    said = [each for each in caplog.records if each.name == failures.__name__]
    assert len(said) > 2
    assert sum(each.exc_info is not None for each in said) == 1
