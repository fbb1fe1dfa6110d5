"""A process that goes on from what another kept comes to the same results, or begins anew where that does not fit."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from mlcore.diagnosis.incremental import IncrementalScorer
from mlcore.models import Detector, ScorerOwnership
from mlcore.scoring import checkpoints, live, ownership, pending, scorer_starts
from mlcore.scoring.pending import score_pending
from mlcore.scoring.scorers import ScorerRegistry, keep_checkpoints
from mlcore.services import train_all
from substations.models import PendingRange, Reading, Substation
from substations.simulation import Simulation

from .grid import FAULTY, detections, scores
from .test_live import arrive, assert_as_judged_whole, running
from .test_scoring import close

__all__ = ["running"]
pytestmark = pytest.mark.django_db


class Worker:
    """A process: its scorers, and the name under which it owns them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scorers, self._name, self._monkeypatch = ScorerRegistry(), uuid.uuid4(), monkeypatch

    def score(self) -> int:
        self._monkeypatch.setattr(ownership, "this_process", lambda: self._name)
        return score_pending(scorers=self.scorers)

    def keep(self) -> None:
        self._monkeypatch.setattr(ownership, "this_process", lambda: self._name)
        for _ids, each in self.scorers.by_age():
            each.kept_at = 0.0  # as after half an hour
        keep_checkpoints(self.scorers)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each new scorer was begun with, from readings."""
    steps: list[int] = []
    start = scorer_starts.begun

    def counted(*arguments: Any) -> Any:
        made = start(*arguments)
        steps.append(len(made.fleet.at_s))
        return made

    monkeypatch.setattr(scorer_starts, "begun", counted)
    return steps


@pytest.fixture
def first(running: Simulation, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker that has judged twenty hours, and kept its state."""
    worker = Worker(monkeypatch)
    for hour in range(0, 20, 4):
        arrive(running, hour, 4)
        worker.score()
    worker.keep()
    return worker


def the_file() -> Path:
    return checkpoints.path_of([Substation.objects.order_by("pk")[0].pk])


def test_after_a_restart_nothing_is_begun_from_readings_and_the_results_are_the_same(
    running: Simulation, first: Worker, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "_score_whole", None)  # to be called would be an error
    second = Worker(monkeypatch)
    for hour in range(20, 72, 4):
        arrive(running, hour, 4)
        second.score()
    assert started == []
    assert not PendingRange.objects.exists()
    assert {each["cause"] for each in detections()} >= {"capacitor_failure"}
    monkeypatch.undo()
    assert_as_judged_whole(running)


def test_it_is_the_same_as_without_a_restart(
    running: Simulation, first: Worker, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(20, 40, 4):
        arrive(running, hour, 4)
        first.score()
    stayed = detections(), scores()
    second = Worker(monkeypatch)
    PendingRange.objects.create(
        substation=Substation.objects.get(code=FAULTY),
        start=Reading.objects.order_by("-at")[0].at,
        end=Reading.objects.order_by("-at")[0].at,
    )
    second.score()
    assert started == []
    close(detections(), stayed[0])
    close(scores(), stayed[1])


def test_histories_of_substations_with_an_alarm_are_not_read_again(
    running: Simulation, first: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(20, 40, 4):
        arrive(running, hour, 4)
        first.score()
    ((_ids, stayed),) = first.scorers.by_age()
    assert FAULTY in stayed.scorer.tracked
    first.keep()
    arrive(running, 40, 4)
    monkeypatch.setattr(live, "_history", None)  # to be called would be an error
    second = Worker(monkeypatch)
    second.score()
    ((_ids, went_on),) = second.scorers.by_age()
    assert went_on.scorer.tracked.keys() == stayed.scorer.tracked.keys()
    monkeypatch.undo()
    assert_as_judged_whole(running)


def test_a_history_that_is_too_long_to_keep_is_read_again(
    running: Simulation, first: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MAX_TRACKED_BYTES", 0)
    for hour in range(20, 40, 4):
        arrive(running, hour, 4)
        first.score()
    first.keep()
    second = Worker(monkeypatch)
    for hour in range(40, 72, 4):
        arrive(running, hour, 4)
        second.score()
    ((_ids, went_on),) = second.scorers.by_age()
    assert FAULTY in went_on.scorer.tracked
    assert_as_judged_whole(running)


def test_a_crash_between_the_checkpoint_and_later_results_loses_nothing(
    running: Simulation, first: Worker, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour in range(20, 32, 4):
        arrive(running, hour, 4)
        first.score()  # stored, but not in the checkpoint
    second = Worker(monkeypatch)
    arrive(running, 32, 4)
    second.score()
    assert started == []
    assert_as_judged_whole(running)


def test_readings_that_came_late_after_the_checkpoint_make_it_useless(
    running: Simulation, monkeypatch: pytest.MonkeyPatch, started: list[int]
) -> None:
    worker = Worker(monkeypatch)
    arrive(running, 0, 4)
    arrive(running, 4, 4, {"SS-01", "SS-03"})
    worker.score()
    worker.keep()
    arrive(running, 7, 1, {FAULTY})
    worker.score()
    assert not the_file().exists()
    started.clear()
    arrive(running, 8, 1)
    Worker(monkeypatch).score()
    assert len(started) == 1


def test_a_model_that_was_activated_meanwhile_makes_it_useless(
    running: Simulation, first: Worker, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(Detector.objects.active().values_list("pk", flat=True))
    train_all()
    assert set(Detector.objects.active().values_list("pk", flat=True)) != before
    arrive(running, 20, 4)
    Worker(monkeypatch).score()
    assert len(started) == 1


def test_what_another_process_judged_meanwhile_makes_it_useless(
    running: Simulation, first: Worker, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ScorerOwnership.objects.update(process=uuid.uuid4())
    arrive(running, 20, 4)
    Worker(monkeypatch).score()
    assert len(started) == 1


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _changed(path: Path) -> None:
    head, data = path.read_bytes().split(b"\n", 1)
    said = json.loads(head)
    said["meta"]["program"] = "another"
    path.write_bytes(json.dumps(said).encode() + b"\n" + data)


def _garbage(path: Path) -> None:
    path.write_bytes(b"garbage")


@pytest.mark.parametrize("spoil", [_cut, _changed, _garbage])
def test_a_file_that_is_damaged_or_of_another_program_is_not_used(
    running: Simulation, first: Worker, started: list[int], monkeypatch: pytest.MonkeyPatch, spoil: Any
) -> None:
    spoil(the_file())
    arrive(running, 20, 4)
    Worker(monkeypatch).score()
    assert len(started) == 1
    assert_as_judged_whole(running)


def test_a_state_is_written_rarely_and_readable_by_its_owner_alone(
    running: Simulation, first: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert the_file().stat().st_mode & 0o077 == 0
    written = the_file().read_bytes()
    arrive(running, 20, 4)
    first.score()
    keep_checkpoints(first.scorers)
    assert the_file().read_bytes() == written
    first.keep()
    assert the_file().read_bytes() != written


def test_a_folder_that_cannot_be_written_stops_nobody(
    running: Simulation, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    settings.SCORER_FILES = tmp_path / "file" / "scorers"
    worker = Worker(monkeypatch)
    arrive(running, 0, 4)
    assert worker.score()
    worker.keep()


def test_old_files_are_removed(first: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "MAX_AGE_S", -1.0)
    checkpoints.remove_old()
    assert not the_file().exists()


def test_the_state_goes_on_as_the_scorer_itself(first: Worker) -> None:
    ((_ids, kept),) = first.scorers.by_age()
    found = checkpoints.read(_ids, kept.basis)
    assert found is not None
    assert isinstance(kept.scorer, IncrementalScorer)
    history = kept.scorer.history
    assert found.nameplates == kept.fleet.nameplates
    assert (found.judged_until_s, found.history.seen_steps) == (kept.scorer.judged_until_s, history.seen_steps)
    assert found.history.rewindable_steps == history.rewindable_steps
    assert {n: (a.tobytes(), a.dtype, a.shape) for n, a in found.history.remembered.items()} == {
        n: (a.tobytes(), a.dtype, a.shape) for n, a in history.remembered.items()
    }
