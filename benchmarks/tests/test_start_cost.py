"""The processes of a running system are found by their launcher, and named by what they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from benchmarks.start_cost import processes_of, table

if sys.platform != "linux":
    pytest.skip("reads /proc", allow_module_level=True)

# A launcher with a child that calls itself uvicorn, which has a child of its own.
GRANDCHILD = "import time; print('here', flush=True); time.sleep(60)"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {GRANDCHILD!r}])"
TREE = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}, 'uvicorn'])"


@pytest.fixture
def launcher() -> Iterator[int]:
    tree = subprocess.Popen([sys.executable, "-c", TREE], stdout=subprocess.PIPE, start_new_session=True)
    assert tree.stdout is not None
    tree.stdout.readline()
    yield tree.pid
    os.killpg(tree.pid, signal.SIGKILL)
    tree.wait()
    tree.stdout.close()


def test_a_process_has_the_role_of_the_launchers_child_that_it_descends_from(launcher: int) -> None:
    found = processes_of(launcher)
    assert sorted(each.role for each in found.values()) == ["launcher", "web", "web"]
    assert found[launcher].role == "launcher"
    assert all(each.pss_mb > 1 and each.cpu_s >= 0 for each in found.values())


def test_the_largest_stands_first_and_the_sum_last() -> None:
    few, many = ({"count": 1, "pss_mb": mb, "idle_cpu_pct": 0.1} for mb in (5.0, 120.0))
    figures = {
        "first_answer_s": 9.0,
        "web_alone_s": 3.1,
        "web_alone_cpu_s": 2.5,
        "idle_s": 60.0,
        "load_1_min": 0.2,
        "total_mb": 125.0,
    }
    lines = table(figures | {"processes": {"broker": few, "web": many}}).splitlines()
    assert [line.split()[-1] for line in lines[2:]] == ["web", "broker", "all"]


@pytest.mark.parametrize("wrong", [["--idle", "0"], ["--repeats", "0"]])
def test_no_time_and_no_repeat_are_refused(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match="received"):
        call_command("bench", "start", *wrong)


@pytest.mark.parametrize("wrong", [["--clients", "0"], ["--seconds", "0"], ["--days", "1"]])
def test_nobody_who_asks_and_no_time_to_ask_are_refused(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match="received"):
        call_command("bench", "dashboards", *wrong)
