"""Whether a worker process runs: it holds a lock that the system lets go when it ends, however it does."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from mlcore.scoring import running_workers
from mlcore.scoring.running_workers import forget_old, has_ended, note_running


def _hold(process: uuid.UUID, is_held: Any) -> None:
    note_running(process)
    is_held.set()
    time.sleep(600)


@pytest.fixture
def name() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
def worker(name: uuid.UUID) -> Iterator[BaseProcess]:
    """Another process, which holds its lock."""
    context = get_context("fork")
    is_held = context.Event()
    started = context.Process(target=_hold, args=(name, is_held), daemon=True)
    started.start()
    assert is_held.wait(60)
    yield started
    started.kill()
    started.join()


def kill(worker: BaseProcess) -> None:
    assert worker.pid
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()


def test_one_that_runs_has_not_ended(worker: BaseProcess, name: uuid.UUID) -> None:
    assert not has_ended(name)


def test_one_that_was_killed_has_ended(worker: BaseProcess, name: uuid.UUID) -> None:
    kill(worker)
    assert has_ended(name)


def test_of_one_that_was_never_here_nobody_can_tell(name: uuid.UUID) -> None:
    assert not has_ended(name)


def test_this_process_has_not_ended_and_notes_itself_as_often_as_it_likes(name: uuid.UUID) -> None:
    note_running(name)
    note_running(name)
    assert not has_ended(name)


def test_who_cannot_write_into_the_folder_is_not_stopped(settings: Any, tmp_path: Path, name: uuid.UUID) -> None:
    (tmp_path / "file").write_text("")
    settings.SCORER_FILES = tmp_path / "file" / "scorers"
    note_running(name)
    forget_old()
    assert not has_ended(name)


def test_old_files_go_but_not_that_of_one_that_runs(
    worker: BaseProcess, name: uuid.UUID, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_workers, "MAX_AGE_S", -1.0)
    files = Path(settings.SCORER_FILES)
    forget_old()
    assert [path.stem for path in files.iterdir()] == [str(name)]
    kill(worker)
    forget_old()
    assert list(files.iterdir()) == []
