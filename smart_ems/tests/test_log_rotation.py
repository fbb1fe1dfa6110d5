"""The logs of the launcher stay bounded while the processes that write them run on."""

from __future__ import annotations

import resource
import stat
import sys
import time
from pathlib import Path
from typing import Any

from smart_ems.supervisor import system
from smart_ems.supervisor.child import Child
from smart_ems.supervisor.log_rotation import rotate

# A thousand lines a second, several times what a busy worker writes.
WRITER = "import itertools, time\nfor n in itertools.count(): print(f'{n:0199}', flush=True); time.sleep(0.001)"


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_a_small_one_is_left(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("123456789")
    assert not rotate(tmp_path / "web.log", max_bytes=10, count=2)
    assert not rotate(tmp_path / "missing.log", max_bytes=10, count=2)
    assert files(tmp_path) == {"web.log": "123456789"}


def test_the_newest_stay(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for number in range(4):
        log.write_text(f"{number:010}")
        assert rotate(log, max_bytes=10, count=2)
    assert files(tmp_path) == {"web.log": "", "web.log.1": "0000000003", "web.log.2": "0000000002"}
    assert stat.S_IMODE((tmp_path / "web.log.1").stat().st_mode) == 0o600


def test_none_are_kept_where_the_setting_says_so(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("0123456789")
    assert rotate(tmp_path / "web.log", max_bytes=10, count=0)
    assert files(tmp_path) == {"web.log": ""}


def test_a_process_that_writes_on_loses_next_to_nothing(tmp_path: Path) -> None:
    child = Child("writer", [sys.executable, "-c", WRITER], tmp_path / "writer.log")
    child.start()
    deadline, rotations = time.monotonic() + 20, 0
    while rotations < 5 and time.monotonic() < deadline:
        rotations += rotate(child.log, max_bytes=20_000, count=9)
    time.sleep(0.1)
    child.stop()
    assert rotations == 5
    assert child.log.stat().st_size < 10_000_000
    names = [f"writer.log.{number}" for number in range(5, 0, -1)] + ["writer.log"]
    found = files(tmp_path)
    lines = "".join(found[name] for name in names).splitlines()
    numbers = [int(line) for line in lines if len(line) == 199]
    assert numbers == sorted(numbers)
    assert len(numbers) >= numbers[-1] + 1 - 5 * rotations


def test_without_room_it_is_emptied_and_said(tmp_path: Path, settings: Any) -> None:
    settings.LOG_MAX_BYTES, settings.LOG_FILES = 10_000, 3
    child = Child("web", [], tmp_path / "web.log")
    child.log.write_text("x" * 20_000)
    said: list[str] = []
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, before[1]))
    try:
        system._bound_log(child, said.append)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert files(tmp_path) == {"web.log": ""}
    assert "could not be put aside" in said[0]
