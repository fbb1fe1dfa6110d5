"""Scoring what arrived: once or many times, whole or piece by piece, the result is the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from mlcore import detector, services
from mlcore.models import Detection, Detector, Score
from mlcore.scoring import pending, piece
from mlcore.scoring.pending import score_pending
from substations.channels import CHANNEL_NAMES
from substations.models import PendingRange, Reading, Substation
from substations.simulation import Simulation

from .grid import DAY, FAULTY, add, detections, moment, scores, stored, trained_and_scored

pytestmark = pytest.mark.django_db


@pytest.fixture
def scored(grid: Simulation) -> Simulation:
    trained_and_scored()
    return grid


def fault(made: Simulation) -> list[Detection]:
    """What is found of the lost capacitor bank."""
    days = [moment(made.spec.start_s + day * DAY) for day in (16, 18)]
    return list(Detection.objects.not_withdrawn().filter(substation__code=FAULTY, start__range=days))


def again(start: Any = None) -> None:
    """Ask for everything from a time on to be judged once more."""
    for substation in Substation.objects.all():
        reach = substation.readings.order_by("at")
        PendingRange.objects.create(substation=substation, start=start or reach[0].at, end=reach.last().at)  # type: ignore[union-attr]  # there are readings
    score_pending()


def close(found: list[Any], wanted: list[Any]) -> None:
    """The same rows, with numbers that differ by no more than the order of their summing."""
    assert len(found) == len(wanted)
    for mine, theirs in zip(found, wanted, strict=True):
        for name, value in mine.items():
            if isinstance(value, float) and theirs[name] is not None:
                assert value == pytest.approx(theirs[name], rel=1e-6, abs=1e-6), (name, mine["at"])
            elif name != "evidence":
                assert value == theirs[name], (name, mine)


def test_every_reading_gets_a_score_and_no_range_is_left(scored: Simulation) -> None:
    assert Score.objects.count() == Reading.objects.count()
    assert not PendingRange.objects.exists()
    judged = Score.objects.filter(status=Score.Validity.OK)
    assert judged.count() > 0.9 * Reading.objects.count()
    assert judged.filter(score__isnull=True).count() < 200
    assert not judged.filter(loss_kw__isnull=True).exists()


def test_the_fault_is_found_where_and_when_it_was(scored: Simulation) -> None:
    start = moment(scored.spec.start_s + 16 * DAY + 10 * 3600)
    found = Detection.objects.get(substation__code=FAULTY, start__gte=start - timedelta(hours=3))
    assert (found.substation.code, found.kind, found.cause) == (FAULTY, "loss", "capacitor_failure")
    assert abs(found.start - start) <= timedelta(hours=3)
    assert found.end is not None
    assert abs(found.end - moment(scored.spec.start_s + 18 * DAY)) <= timedelta(hours=6)
    assert found.loss_low_kwh < found.loss_kwh < found.loss_high_kwh  # type: ignore[operator]  # a loss has all three
    assert found.detector == Detector.objects.get(substation=found.substation)
    assert found.revision == 1


def test_nothing_that_waits_is_nothing_to_do(scored: Simulation) -> None:
    assert score_pending() == 0


def test_scoring_twice_changes_nothing(scored: Simulation) -> None:
    again()
    before = scores(), list(Detection.objects.values())
    again()
    assert (scores(), list(Detection.objects.values())) == before


def test_a_suffix_scored_alone_says_what_the_whole_said(scored: Simulation) -> None:
    whole, found = scores(), detections()
    for day in (19, 17.3, 15, 4):
        again(moment(scored.spec.start_s + day * DAY))
        close(scores(), whole)
        close(detections(), found)


@pytest.mark.usefixtures("no_autoencoder")
def test_readings_that_come_day_by_day_end_where_one_upload_ends(made: Simulation) -> None:
    stored(made)
    trained_and_scored()
    whole, found = scores(), detections()
    Reading.objects.filter(at__gte=moment(made.spec.start_s + 15 * DAY)).delete()
    Score.objects.all().delete()
    Detection.objects.all().delete()
    again()
    for half_day in range(30, 40):
        for substation in Substation.objects.all():
            add(made, substation, half_day / 2, half_day / 2 + 0.5)
        score_pending()
    close(scores(), whole)
    close(detections(), found)


def test_a_back_dated_upload_is_scored_like_any_other(scored: Simulation) -> None:
    whole, found = scores(), detections()
    faulty = Substation.objects.get(code=FAULTY)
    days = (moment(scored.spec.start_s + 16 * DAY), moment(scored.spec.start_s + 19 * DAY))
    Reading.objects.filter(substation=faulty, at__gte=days[0], at__lt=days[1]).delete()
    again()
    assert Score.objects.count() == len(whole) - 72
    rows = Detection.objects.count()
    assert not fault(scored)
    add(scored, faulty, 16, 19)
    assert score_pending() > 0
    close(scores(), whole)
    close(detections(), found)
    assert Detection.objects.count() == rows, "the same row stands again"


def test_a_corrected_reading_withdraws_what_it_disproves(scored: Simulation) -> None:
    start = moment(scored.spec.start_s + 16 * DAY)
    for reading in Reading.objects.filter(substation__code=FAULTY, at__gte=start):
        calm = Reading.objects.filter(substation_id=reading.substation_id, at=reading.at - timedelta(days=7)).values(
            *CHANNEL_NAMES
        )
        for row in calm:
            Reading.objects.filter(substation_id=reading.substation_id, at=reading.at).update(
                **row | {"at": reading.at}
            )
    (before,) = fault(scored)
    again(start)
    assert not fault(scored)
    before.refresh_from_db()
    assert (before.withdrawn_at is not None, before.revision) == (True, 2)


@pytest.mark.usefixtures("no_autoencoder")
@pytest.mark.parametrize("shift_s", [-1700, -100, 100, 1800])
def test_a_meter_whose_clock_is_off_has_every_reading_scored_once(made: Simulation, shift_s: int) -> None:
    stored(made, until_day=3)
    shift = timedelta(seconds=shift_s)
    table = Reading.objects.filter(substation__code=FAULTY)
    rows: list[Any] = list(table.order_by("at").values("substation_id", "at", *CHANNEL_NAMES))
    table.delete()
    substation = Substation.objects.get(code=FAULTY)
    PendingRange.objects.all().delete()
    for row in rows[:20]:
        at = row["at"] + shift
        Reading.objects.create(**row | {"at": at})
        PendingRange.objects.create(substation=substation, start=at, end=at)
        score_pending()
    assert Score.objects.filter(substation=substation).count() == 20
    again()
    assert Score.objects.filter(substation=substation).count() == 20


def test_a_claim_that_ran_out_writes_nothing(grid: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    services.train_due()
    real = detector.analyse_fleet

    def slow(*args: Any, **values: Any) -> Any:
        result = real(*args, **values)
        PendingRange.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        everyone = list(Substation.objects.values_list("pk", flat=True))
        assert PendingRange.objects.claim_all_of(everyone, now=timezone.now())
        return result

    monkeypatch.setattr(piece, "analyse_fleet", slow)
    assert score_pending() == 0
    assert not Score.objects.exists()
    assert not Detection.objects.exists()
    assert PendingRange.objects.exists(), "they belong to the other worker now"


def test_a_worker_that_dies_leaves_the_work_to_the_next(grid: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    services.train_due()

    def killed(*args: Any, **values: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as during:
        during.setattr(piece, "reconcile", killed)
        with pytest.raises(SystemExit):
            score_pending()
    assert not Score.objects.exists(), "scores and detections are written together"
    assert score_pending() == 0, "its claim still holds"
    PendingRange.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert score_pending() == Reading.objects.count()


@pytest.mark.usefixtures("grid")
def test_without_a_model_the_meter_is_checked_and_nothing_else_is_said() -> None:
    score_pending()
    assert set(Score.objects.values_list("status", flat=True)) <= {Score.Validity.WARMING, Score.Validity.DEAD}
    assert not Detection.objects.filter(kind="loss").exists()


@pytest.mark.usefixtures("grid")
def test_a_dead_phase_is_a_finding_about_the_meter_even_before_training(made: Simulation) -> None:
    start = moment(made.spec.start_s + 10 * DAY)
    dead = {"current_l2_a": 0.0, "voltage_l12_v": 4.0, "voltage_l23_v": 4.0}
    Reading.objects.filter(substation__code=FAULTY, at__gte=start).update(**dead)
    score_pending()
    found = Detection.objects.filter(substation__code=FAULTY)
    assert set(found.values_list("kind", flat=True)) == {"meter"}


def test_a_range_of_what_has_gone_is_done_with(scored: Simulation) -> None:
    substation = Substation.objects.get(code=FAULTY)
    late = moment(scored.spec.start_s + 400 * DAY)
    PendingRange.objects.create(substation=substation, start=late, end=late)
    score_pending()
    assert not PendingRange.objects.exists()


def test_scores_have_no_number_that_is_none(scored: Simulation) -> None:
    values = [each["score"] for each in scores() if each["score"] is not None]
    assert np.isfinite(values).all()


@pytest.mark.parametrize("days", [2, 5])
def test_a_record_too_long_for_memory_is_judged_in_pieces_with_the_same_result(
    scored: Simulation, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    found, rows = detections(), scores()
    revisions = dict(Detection.objects.values_list("pk", "revision"))
    pieces: list[Any] = []
    judge = pending._score_piece

    def watched(*args: Any) -> int:
        pieces.append(args[-1])
        return judge(*args)

    monkeypatch.setattr(pending, "_score_piece", watched)
    monkeypatch.setattr(pending, "MIN_PIECE", timedelta(days=days))
    monkeypatch.setattr(pending, "MAX_READINGS", 1)
    again()
    assert len(pieces) == -(-20 // days)
    assert pieces[-1] is None
    close(detections(), found)
    close(scores(), rows)
    # An episode that reaches from one piece into the next is never said to go on again.
    assert all(Detection.objects.get(pk=pk).end is not None for pk in revisions)
    assert not PendingRange.objects.exists()


def test_a_worker_that_dies_between_two_pieces_has_not_judged_the_first_in_vain(
    grid: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.train_due()
    monkeypatch.setattr(pending, "MIN_PIECE", timedelta(days=5))
    monkeypatch.setattr(pending, "MAX_READINGS", 1)
    judge = pending._score_piece
    done: list[int] = []

    def dying(*args: Any) -> int:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(judge(*args))
        return done[-1]

    monkeypatch.setattr(pending, "_score_piece", dying)
    with pytest.raises(KeyboardInterrupt):
        score_pending()
    monkeypatch.setattr(pending, "_score_piece", judge)
    start = moment(grid.spec.start_s + 10 * DAY)
    assert set(PendingRange.objects.values_list("start", flat=True)) == {start}
    PendingRange.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    score_pending()
    assert not PendingRange.objects.exists()
    assert Score.objects.count() == Reading.objects.count()
    assert fault(grid)


def test_a_corrected_day_of_a_record_too_long_for_memory_is_judged_with_all_that_follows(
    scored: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, rows = detections(), scores()
    monkeypatch.setattr(pending, "MIN_PIECE", timedelta(days=5))
    monkeypatch.setattr(pending, "MAX_READINGS", 1)
    begin = scored.spec.start_s + 2 * DAY
    for substation in Substation.objects.all():
        PendingRange.objects.create(substation=substation, start=moment(begin), end=moment(begin + DAY))
    assert score_pending() > 4 * 17 * 24
    assert not PendingRange.objects.exists()
    close(detections(), found)
    close(scores(), rows)
