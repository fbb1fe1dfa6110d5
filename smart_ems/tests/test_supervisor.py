"""The processes of the system: what the documents say of them is how they are started."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from smart_ems import env
from smart_ems.supervisor import services


def command(name: str) -> list[str]:
    return next(child.command for child in services.workers() if child.name == name)


def test_a_worker_that_keeps_streams_is_replaced_for_its_size_and_not_for_its_age() -> None:
    assert "--max-memory-per-child" in command("worker ml")
    assert "--max-tasks-per-child" not in command("worker ml")
    assert not hasattr(settings, "CELERY_WORKER_MAX_TASKS_PER_CHILD"), "a setting holds for both queues"


def test_a_worker_of_short_tasks_is_replaced_for_its_age() -> None:
    assert "--max-tasks-per-child" in command("worker default")


def test_the_commands_of_the_documents_have_the_same_limits() -> None:
    described = (env.BASE_DIR / "docs/operations.md").read_text()
    assert " ".join(services.LEARNING_LIMIT) in described
    assert " ".join(services.DEFAULT_LIMIT) in described


def test_the_brokers_socket_is_in_the_data_folder_unless_its_path_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "VAR_DIR", Path("/srv/ems/var"))
    assert env.broker_socket() == Path("/srv/ems/var/run/broker.sock")
    monkeypatch.setattr(env, "VAR_DIR", Path("/srv") / ("long" * 30))
    assert len(str(env.broker_socket())) <= env.SOCKET_PATH_LIMIT
    assert "temporary folder" in (env.BASE_DIR / "README.md").read_text()
