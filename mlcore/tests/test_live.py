"""Readings judged as they come in: the same scores and detections as the whole record, whoever does it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.leases import LEASE_FOR
from mlcore.fleet.groups import NeighbourGroup, ScoringBatch, neighbour_groups, scoring_batches
from mlcore.models import Detection, Detector, ScorerOwnership
from mlcore.scoring import live, ownership, pending
from mlcore.scoring.pending import score_pending
from mlcore.scoring.scorers import ScorerRegistry
from mlcore.services import train_all
from substations.models import Link, PendingRange, Reading, Substation
from substations.simulation import Simulation

from .grid import DAY, FAULTY, add, detections, moment, scores, stored, trained_and_scored
from .test_scoring import again, close

pytestmark = pytest.mark.django_db
LIVE_FROM = 16.0


@pytest.fixture
def running(db: None, made: Simulation, no_autoencoder: None) -> Simulation:
    """The grid trained on sixteen days; half a day later it loses a bank, on the eighteenth day it is mended."""
    stored(made, until_day=int(LIVE_FROM))
    trained_and_scored()
    return made


@pytest.fixture
def scorers() -> ScorerRegistry:
    """What a process keeps."""
    return ScorerRegistry()


def arrive(made: Simulation, first_hour: int, hours: int = 1, codes: set[str] | None = None) -> None:
    """Readings of some hours after the sixteenth day, of all substations or some."""
    for substation in Substation.objects.order_by("code"):
        if codes is None or substation.code in codes:
            begin = LIVE_FROM + first_hour / 24
            add(made, substation, begin, begin + hours / 24)


def assert_as_judged_whole(made: Simulation) -> None:
    found, rows = detections(), scores()
    ScorerOwnership.objects.all().delete()
    again(moment(made.spec.start_s))
    close(detections(), found)
    close(scores(), rows)


def test_hour_by_hour_is_as_good_as_all_at_once(
    running: Simulation, scorers: ScorerRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "_score_whole", None)  # to be called would be an error
    for hour in range(72):
        arrive(running, hour)
        assert score_pending(scorers=scorers) == 4
    assert not PendingRange.objects.exists()
    assert {each["cause"] for each in detections()} >= {"capacitor_failure"}
    monkeypatch.undo()
    assert_as_judged_whole(running)


def test_readings_that_come_late_or_one_substation_after_the_other_change_nothing(
    running: Simulation, scorers: ScorerRegistry
) -> None:
    for hour in range(0, 60, 3):
        arrive(running, hour, 3, {"SS-01", "SS-03"})
        score_pending(scorers=scorers)
        arrive(running, hour, 2, {FAULTY})
        score_pending(scorers=scorers)
        arrive(running, hour + 2, 1, {FAULTY})
        arrive(running, hour, 3, {"SS-04"})
        score_pending(scorers=scorers)
    assert_as_judged_whole(running)


def test_a_process_that_starts_in_the_middle_of_an_episode_goes_on_with_it(
    running: Simulation, scorers: ScorerRegistry
) -> None:
    for hour in range(0, 60, 2):
        scorers.clear()
        arrive(running, hour, 2)
        score_pending(scorers=scorers)
    assert_as_judged_whole(running)


def test_two_processes_that_take_turns_agree(running: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    registries = {uuid.uuid4(): ScorerRegistry(), uuid.uuid4(): ScorerRegistry()}
    names = list(registries)
    for hour in range(60):
        name = names[(hour // 3) % 2]
        monkeypatch.setattr(ownership, "this_process", lambda name=name: name)
        arrive(running, hour)
        score_pending(scorers=registries[name])
        assert ScorerOwnership.objects.get().process == name
    assert_as_judged_whole(running)


def test_a_scorer_judges_with_the_model_that_is_active(running: Simulation, scorers: ScorerRegistry) -> None:
    arrive(running, 0)
    score_pending(scorers=scorers)
    train_all()
    active = set(Detector.objects.active().values_list("pk", flat=True))
    for hour in range(1, 16):
        arrive(running, hour)
        score_pending(scorers=scorers)
    (kept,) = scorers.kept
    assert {detector.pk for detector in kept.detectors.values()} == active
    found = Detection.objects.get(substation__code=FAULTY, cause="capacitor_failure", end=None)
    assert found.detector_id in active


def test_a_day_that_arrives_at_once_is_judged_as_a_whole(running: Simulation, scorers: ScorerRegistry) -> None:
    arrive(running, 0)
    score_pending(scorers=scorers)
    assert ScorerOwnership.objects.exists()
    arrive(running, 1, 30)
    assert score_pending(scorers=scorers) == 120
    assert not ScorerOwnership.objects.exists()


def test_what_a_process_remembers_is_worth_nothing_when_its_result_could_not_be_stored(
    running: Simulation, scorers: ScorerRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(running, 0)
    score_pending(scorers=scorers)
    arrive(running, 1)
    with monkeypatch.context() as patch:
        patch.setattr(pending, "_still_held", lambda token: False)
        assert score_pending(scorers=scorers) == 0
    PendingRange.objects.update(claimed_until=moment(0))
    for hour in range(2, 40):
        arrive(running, hour)
        score_pending(scorers=scorers)
    assert_as_judged_whole(running)


def test_another_process_leaves_a_large_batch_to_its_owner_for_a_while(
    running: Simulation, scorers: ScorerRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(running, 0)
    score_pending(scorers=scorers)
    monkeypatch.setattr(ownership, "QUICKLY_STARTED", 3)
    other = uuid.uuid4()
    monkeypatch.setattr(ownership, "this_process", lambda: other)
    arrive(running, 1)
    assert score_pending(scorers=scorers) == 0
    PendingRange.objects.update(created_at=moment(DAY))
    assert score_pending(scorers=scorers) == 4


def test_the_queries_of_a_tick_do_not_grow_with_the_substations(running: Simulation, scorers: ScorerRegistry) -> None:
    arrive(running, 0)
    score_pending(scorers=scorers)
    counts = []
    for codes in ({"SS-01"}, None):
        arrive(running, 1 if codes else 2, 1, codes)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            score_pending(scorers=scorers)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 32


def test_what_another_process_stored_meanwhile_is_not_written_over(
    running: Simulation, scorers: ScorerRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "QUICKLY_STARTED", 1000)
    arrive(running, 0)
    score_pending(scorers=scorers)
    for hour in range(1, 20):
        arrive(running, hour, 1, {"SS-01", "SS-03", "SS-04"})
        with monkeypatch.context() as patch:
            patch.setattr(live, "_to_store", _overtaken(running, hour, live._to_store))
            score_pending(scorers=scorers)
        score_pending(scorers=scorers)
        assert not PendingRange.objects.exists()
    assert_as_judged_whole(running)


def _overtaken(made: Simulation, hour: int, to_store: Any) -> Any:
    """Between judging and storing, another process judges a reading that came after the first had read."""

    def late(*args: Any) -> Any:
        mine, held, token = to_store(*args), list(PendingRange.objects.values_list("pk", flat=True)), uuid.uuid4()
        arrive(made, hour, 1, {FAULTY})
        with pytest.MonkeyPatch.context() as other:
            other.setattr(live, "_to_store", to_store)
            other.setattr(ownership, "this_process", lambda: token)
            (batch,) = scoring_batches(neighbour_groups())
            new = PendingRange.objects.exclude(pk__in=held)
            new.update(claimed_by=token, claimed_until=timezone.now() + LEASE_FOR)
            assert pending._score_new(batch, token, ScorerRegistry())
        return mine

    return late


def test_a_batch_that_changes_leaves_no_scorer_behind(running: Simulation, scorers: ScorerRegistry) -> None:
    arrive(running, 0)
    score_pending(scorers=scorers)
    Substation.objects.get(code="SS-04").delete()
    arrive(running, 1)
    score_pending(scorers=scorers)
    assert [len(kept.fleet.codes) for kept in scorers.kept] == [3]


@pytest.mark.parametrize("field", ["target", "length_km"])
def test_a_link_that_is_laid_elsewhere_starts_another_scorer(
    running: Simulation, scorers: ScorerRegistry, field: str
) -> None:
    Link.objects.all().delete()
    source, target, elsewhere, _ = Substation.objects.order_by("code")
    link = Link.objects.create(source=source, target=target, r_ohm=0.1, x_ohm=0.1, length_km=1.0)
    arrive(running, 0)
    score_pending(scorers=scorers)
    (before,) = scorers.kept
    setattr(link, field, elsewhere if field == "target" else 12.5)
    link.save()
    arrive(running, 1)
    score_pending(scorers=scorers)
    (after,) = scorers.kept
    assert after is not before


def test_a_clock_that_is_years_off_keeps_no_other_from_being_judged_step_by_step(
    running: Simulation, scorers: ScorerRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = moment(running.spec.start_s - 3000 * DAY)
    lost = Substation.objects.create(
        code="ZZ-99", time_zone=running.spec.time_zone, reading_interval_s=running.spec.step_s
    )
    whole = pending._score_whole
    judged: list[str] = []

    def noted(batch: ScoringBatch, group: NeighbourGroup, token: uuid.UUID) -> int:
        judged.extend(each.code for each in group.substations)
        return whole(batch, group, token)

    monkeypatch.setattr(pending, "_score_whole", noted)
    for hour in range(3):
        arrive(running, hour, 1, {"SS-01", "SS-03", "SS-04", FAULTY})
        at = since + timedelta(hours=hour)
        Reading.objects.create(substation=lost, at=at, active_power_kw=100.0 + hour)
        PendingRange.objects.create(substation=lost, start=since, end=at)
        score_pending(scorers=scorers)
    assert not PendingRange.objects.exists()
    assert set(judged) <= {"ZZ-99"}
    assert len(scorers.kept) == 2
