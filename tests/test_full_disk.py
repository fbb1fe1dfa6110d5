"""The disk fills up under a running system: pages are honest, and everything goes on by itself once there is space."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from .conftest import System, need, start, wait_until
from .exports import large_export

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]
PAGES = ("/", "/substations/", "/alerts/", "/uploads/", "/losses/")


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of 700 MB in memory: an upload wants twice its size and 500 MB."""
    folder = tmp_path_factory.mktemp("disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=700m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    need("tmpfs", mounted, "only root can mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def system(small_disk: Path) -> Iterator[System]:
    running = start(small_disk / "var", "--empty")
    try:
        yield running
    finally:
        assert running.stop() == 0, running.log.read_text()


def signed_in(system: System) -> requests.Session:
    person = requests.Session()
    person.get(f"{system.url}/sign-in/", timeout=30)
    form = {"username": "admin", "password": system.password, "csrfmiddlewaretoken": person.cookies["csrftoken"]}
    person.post(f"{system.url}/sign-in/", data=form, headers={"Referer": system.url}, timeout=30).raise_for_status()
    return person


def send(system: System, export: Path) -> requests.Response:
    with export.open("rb") as file:
        return system.api("POST", "uploads/", files={"file": file}, data={"unknown": "create", "time_zone": "UTC"})


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 65_536)
        except OSError:
            return


def test_nothing_is_lost_and_nobody_has_to_lend_a_hand(system: System, small_disk: Path, tmp_path: Path) -> None:
    expected = large_export(tmp_path / "export.csv", substations=3, rows=2_000)
    person = signed_in(system)
    assert system.api("GET", "uploads/").json()["count"] == 0
    fill(small_disk / "filler")

    assert [person.get(system.url + page, timeout=30).status_code for page in PAGES] == [200] * len(PAGES)
    refused = send(system, tmp_path / "export.csv")
    assert (refused.status_code, "disk" in refused.json()["detail"]) in ((503, True), (507, True)), refused.text
    assert requests.get(f"{system.url}/readyz", timeout=30).json()["checks"]["disk"]["status"] == "failed"
    assert system.count("substations_reading") == 0

    (small_disk / "filler").unlink()
    accepted = wait_until(lambda: (found := send(system, tmp_path / "export.csv")).ok and found.json(), 60, "space")
    path = f"uploads/{accepted['id']}/"  # type: ignore[index]  # it waited for one
    wait_until(lambda: system.api("GET", path).json()["state"] == "loaded", 60, "the load")
    assert system.count("substations_reading") == expected
    wait_until(lambda: requests.get(f"{system.url}/readyz", timeout=30).ok, 60, "everything to be ready")
