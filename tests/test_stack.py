"""The running system, on its embedded defaults and on PostgreSQL with Redis: upload, kill a worker, alert, history."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import System, start, wait_until
from .exports import export_with_a_failed_bank, large_export

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


@pytest.fixture(scope="module", params=["embedded", "postgres"])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    var = tmp_path_factory.mktemp(request.param) / "a folder with spaces"
    urls = {}
    if request.param == "postgres":
        urls = {name: request.getfixturevalue(name) for name in ("postgres_url", "redis_url")}
    running = start(var, "--empty", database_url=urls.get("postgres_url", ""), redis_url=urls.get("redis_url", ""))
    try:
        yield running
    finally:
        assert running.stop() == 0, running.log.read_text()


def _send(system: System, export: Path) -> int:
    with export.open("rb") as file:
        answer = system.api("POST", "uploads/", files={"file": file}, data={"unknown": "create", "time_zone": "UTC"})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def _upload(system: System, pk: int) -> dict[str, object]:
    answer: dict[str, object] = system.api("GET", f"uploads/{pk}/").json()
    return answer


@pytest.mark.timeout(200)
def test_a_worker_killed_in_the_middle_of_a_load_loses_and_doubles_nothing(system: System, tmp_path: Path) -> None:
    before = system.count("substations_reading")
    expected = large_export(tmp_path / "large.csv", substations=6, rows=60_000)
    pk = _send(system, tmp_path / "large.csv")
    wait_until(lambda: 0 < int(str(_upload(system, pk)["rows_read"])) < expected, 40, "the load to begin")
    os.kill(system.worker("default"), signal.SIGKILL)

    wait_until(lambda: _upload(system, pk)["state"] == "loaded", 120, "another worker to finish the load")
    upload = _upload(system, pk)
    assert upload["rows_new"] == expected
    assert upload["rows_bad"] == 0
    assert system.count("substations_reading") - before == expected
    assert "worker default ended (killed by SIGKILL); restarting" in system.log.read_text()


@pytest.mark.tensorflow
@pytest.mark.timeout(240)
def test_an_upload_becomes_an_alert_and_is_resolved_through_the_api(system: System, tmp_path: Path) -> None:
    pk = _send(system, export_with_a_failed_bank(tmp_path / "sim"))
    wait_until(lambda: _upload(system, pk)["state"] == "loaded", 60, "the load")

    def failed_bank() -> object:
        found = system.api("GET", "alerts/", params={"cause": "capacitor_failure", "condition": "active"}).json()
        return found["results"]

    alert = wait_until(failed_bank, 150, "the alert about the failed bank")[0]  # type: ignore[index]  # it waited for one
    path = f"alerts/{alert['id']}/"
    assert system.api("POST", path + "acknowledge/", json={"note": "on it"}).status_code == 200
    assert system.api("POST", path + "acknowledge/", json={"note": "again"}).status_code == 409
    findings = {
        "classification": "capacitor_failure",
        "root_cause": "fuse",
        "corrective_action": "replaced",
        "outcome": "fully_resolved",
    }
    assert system.api("POST", path + "resolve/", json=findings).status_code == 200
    closed = system.api("GET", "alerts/", params={"history": "true"}).json()["results"]
    assert alert["id"] in [each["id"] for each in closed]


def test_a_second_start_on_the_same_folder_is_refused_in_words(system: System) -> None:
    with pytest.raises(AssertionError, match="running in this folder already"):
        start(system.var)


def test_a_crashed_child_is_restarted_and_said(system: System) -> None:
    killed = system.worker("ml")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: "worker ml ended (killed by SIGKILL)" in system.log.read_text(), 10, "the notice")

    def another() -> bool:
        try:
            return system.worker("ml") != killed
        except AssertionError:
            return False

    wait_until(another, 20, "the new worker")
