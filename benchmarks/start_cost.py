"""What an idle installation costs: seconds to the first answer, and the memory of each process of ``up``."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smart_ems.scratch import scratch_database
from smart_ems.supervisor.services import web

from .running_system import HOST, MARKS, START_WITHIN_S, RunningSystem, answers, environment, free_port, wait_until

LAUNCHER = "launcher"
OTHERS = {"beat": "beat"}
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class ProcessCost:
    """One process: its role, the part of physical memory that is its own with its share of what several have in common
    (PSS), and the processor time since its start."""

    role: str
    pss_mb: float
    cpu_s: float


def bench_start(idle_s: float, repeats: int) -> dict[str, Any]:
    """Start everything on an empty database with an embedded broker, let it be idle, and look at each process. Linux.

    idle_s: how long nothing is asked of it before its memory is read. Figures are medians of the repeats.
    """
    found = [_once(idle_s) for _ in range(repeats)]
    roles = list(found[0]["processes"])
    return {
        "idle_s": idle_s,
        "repeats": repeats,
        "load_1_min": os.getloadavg()[0],
        "first_answer_s": statistics.median(each["first_answer_s"] for each in found),
        "web_alone_s": statistics.median(each["web_alone_s"] for each in found),
        "web_alone_cpu_s": statistics.median(each["web_alone_cpu_s"] for each in found),
        "total_mb": statistics.median(each["total_mb"] for each in found),
        "processes": {
            role: {
                name: statistics.median(each["processes"].get(role, {}).get(name, 0) for each in found)
                for name in ("count", "pss_mb", "idle_cpu_pct")
            }
            for role in roles
        },
    }


def _once(idle_s: float) -> dict[str, Any]:
    with scratch_database(journal="WAL", migrated=True) as folder:
        began = time.monotonic()
        system = RunningSystem(folder)
        first_answer_s = time.monotonic() - began
        try:
            time.sleep(idle_s / 2)
            before = processes_of(system.pid)
            time.sleep(idle_s / 2)
            after = processes_of(system.pid)
        finally:
            system.stop()
        alone = _web_alone(folder)
    by_role: dict[str, dict[str, float]] = defaultdict(lambda: {"count": 0, "pss_mb": 0.0, "idle_cpu_pct": 0.0})
    for pid, each in after.items():
        spent_s = each.cpu_s - before[pid].cpu_s if pid in before else each.cpu_s
        by_role[each.role]["count"] += 1
        by_role[each.role]["pss_mb"] += each.pss_mb
        by_role[each.role]["idle_cpu_pct"] += 100 * spent_s / (idle_s / 2)
    total_mb = sum(each.pss_mb for each in after.values())
    return {"first_answer_s": first_answer_s, **alone, "total_mb": total_mb, "processes": dict(by_role)}


def _web_alone(folder: Path) -> dict[str, float]:
    """Seconds until a web process answers that starts while nothing else does, and its processor time by then."""
    port, began = free_port(), time.monotonic()
    child = web(HOST, port)
    with (folder / "web-alone.log").open("ab") as log:
        process = subprocess.Popen(
            child.command, cwd=child.cwd, env=environment(folder) | child.env, stdout=log, stderr=log
        )
    try:
        wait_until(
            lambda: answers(f"http://{HOST}:{port}"), START_WITHIN_S, "a web process to answer", look_every_s=0.05
        )
        return {"web_alone_s": time.monotonic() - began, "web_alone_cpu_s": cpu_s_of(process.pid)}
    finally:
        process.terminate()
        process.wait()


def processes_of(launcher: int) -> dict[int, ProcessCost]:
    """By process id: the launcher and all that descends from it. What ends meanwhile is left out."""
    parents, found = _parents(), {}
    for pid in sorted(parents):
        line = [pid]
        while line[-1] in parents and line[-1] != launcher:
            line.append(parents[line[-1]])
        if line[-1] != launcher:
            continue
        child = line[-2] if len(line) > 1 else launcher
        try:
            found[pid] = ProcessCost(_role(child, launcher), _pss_mb(pid), cpu_s_of(pid))
        except OSError:
            continue
    return found


def _parents() -> dict[int, int]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = int(_stat(int(entry.name))[1])
            except OSError:
                continue
    return found


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` after the name, which may hold spaces: state, parent, …, see proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def cpu_s_of(pid: int) -> float:
    """Processor time of a process since its start."""
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / TICKS_PER_S


def _pss_mb(pid: int) -> float:
    rolled_up = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rolled_up.splitlines() if line.startswith("Pss:")) / 1024


def _role(child: int, launcher: int) -> str:
    if child == launcher:
        return LAUNCHER
    command = Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace").split("\0")
    roles = (role for role, mark in (MARKS | OTHERS).items() if any(mark in part for part in command))
    return next(roles, "another")


def table(found: dict[str, Any]) -> str:
    """One role a line, the largest first."""
    lines = [
        f"first answer after {found['first_answer_s']:.1f} s (migrations included); a web process alone after "
        f"{found['web_alone_s']:.1f} s, {found['web_alone_cpu_s']:.1f} s of processor time; "
        f"idle for {found['idle_s']:.0f} s; load {found['load_1_min']:.1f}",
        f"{'MB (PSS)':>9} {'processes':>9} {'cpu %':>6}  role",
    ]
    for role, each in sorted(found["processes"].items(), key=lambda item: -item[1]["pss_mb"]):
        lines.append(f"{each['pss_mb']:9.0f} {each['count']:9.0f} {each['idle_cpu_pct']:6.2f}  {role}")
    lines.append(f"{found['total_mb']:9.0f} {'':9} {'':6}  all")
    return "\n".join(lines)
