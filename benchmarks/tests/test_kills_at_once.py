"""``bench kills --at-once``: rounds shared among installations; what these do is in ``tests/test_kills.py``."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

INSTALLATION = """
import json, sys
rounds = int(sys.argv[sys.argv.index("--rounds") + 1])
kill = {"stage": "send", "victim": "web", "lost": 1, "doubled": 0, "resumed_s": 3.0, "done_s": 130.0}
print(json.dumps({"database": "sqlite", "rounds": [kill] * rounds}))
"""


@pytest.fixture
def installation(tmp_path: Path, settings: Any) -> Path:
    """In place of ``manage.py``: what it is asked for, done at once."""
    settings.BASE_DIR = tmp_path
    (made := tmp_path / "manage.py").write_text(INSTALLATION)
    return made


def run(**options: Any) -> str:
    out = StringIO()
    call_command("bench", "kills", stages=["send"], victims=["web"], days=1, server="", stdout=out, **options)
    return out.getvalue()


def test_no_round_is_lost_among_them(installation: Path) -> None:
    found = json.loads(run(rounds=50, at_once=4, json=True))
    assert (found["kills"], found["lost"], found["beyond_the_bound"], found["ended_later"]) == (50, 50, 50, 50)


def test_there_are_no_more_installations_than_rounds(installation: Path) -> None:
    text = run(rounds=2, at_once=9)
    assert "2 kills on sqlite: 2 lost" in text


def test_one_that_fails_is_an_error_and_no_figure(installation: Path) -> None:
    installation.write_text("raise SystemExit(1)")
    with pytest.raises(RuntimeError, match="3 of 3 installations"):
        run(rounds=3, at_once=3)


def test_less_than_one_installation_is_refused() -> None:
    with pytest.raises(CommandError, match=r"received 1, 1 and 0\."):
        run(rounds=1, at_once=0)
