"""The processes of the system: what the documents say of them is how they are started."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from smart_ems import env
from smart_ems.management.commands import up
from smart_ems.supervisor import services, system

EVERYWHERE = "0.0.0.0"  # noqa: S104  (a text, bound by nothing)


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


@pytest.mark.parametrize(
    ("host", "is_ours_alone"),
    [("127.0.0.1", True), ("127.0.0.9", True), ("::1", True), ("[::1]", True), ("localhost", True), (EVERYWHERE, False),
     ("::", False), ("192.0.2.7", False), ("ems.example.org", False)],
)  # fmt: skip
def test_it_knows_what_other_machines_reach(host: str, is_ours_alone: bool) -> None:
    assert system.is_loopback(host) == is_ours_alone


@pytest.mark.parametrize(
    ("host", "https", "is_warned"),
    [(EVERYWHERE, False, True), (EVERYWHERE, True, False), ("127.0.0.1", False, False), ("192.0.2.7", False, True)],
)  # fmt: skip
def test_a_line_in_clear_is_warned_of(settings: Any, host: str, https: bool, is_warned: bool) -> None:
    settings.HTTPS = https
    out = StringIO()
    up.Command(stdout=out)._warn_of_open_line(host)
    assert ("cross the network in clear" in out.getvalue()) == is_warned
    assert not is_warned or f"--host {host}" in out.getvalue()


def test_the_web_process_believes_no_header_of_a_proxy_by_a_rule_of_its_own() -> None:
    assert "--no-proxy-headers" in services.web("127.0.0.1", 8000).command
    assert "--no-proxy-headers" in (env.BASE_DIR / "docs/operations.md").read_text()
