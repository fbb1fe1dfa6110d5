"""The audit of the pinned packages: a known hole is a failure, and no data is not called safe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

AUDIT = Path(__file__).resolve().parent.parent / ".ci" / "audit"
SAFE = {"name": "django", "version": "5.2.19", "vulns": []}
HOLE = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "vine", "skip_reason": "Dependency not found"}


def audited(tmp_path: Path, *packages: dict[str, Any]) -> tuple[int, str]:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"dependencies": packages, "fixes": []}))
    done = subprocess.run([sys.executable, AUDIT, report], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_known_hole_fails_and_is_named(tmp_path: Path) -> None:
    status, said = audited(tmp_path, SAFE, HOLE, UNKNOWN)
    assert status == 1
    assert "pillow 1.0: PYSEC-2026-1" in said


def test_no_hole_passes(tmp_path: Path) -> None:
    assert audited(tmp_path, SAFE)[0] == 0


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    assert "nothing is known of vine" in audited(tmp_path, SAFE, UNKNOWN)[1]


def test_without_data_it_does_not_say_that_all_is_well(tmp_path: Path) -> None:
    status, said = audited(tmp_path, UNKNOWN)
    assert status == 0
    assert "Nothing is known" in said
    assert "No known hole" not in said
