"""The documents say what there is: every setting, every command, no dead link, no picture that is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
OWN_COMMANDS = {"up", "test", "detect", "evaluate", "simulate", "demo", "live", "bench", "screenshots"}


def test_every_environment_variable_is_described() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "smart_ems").glob("*.py"))
    read = set(re.findall(r'(?:env\.\w+|web_address|days_or_for_ever|one_of|roles_by_group)\(\s*"([A-Z_]+)"', sources))
    assert len(read) > 15
    assert sorted(name for name in read if f"`{name}`" not in README) == []


def test_every_command_is_described() -> None:
    commands = {file.stem for file in ROOT.glob("*/management/commands/*.py") if not file.stem.startswith("_")}
    assert commands >= OWN_COMMANDS
    assert sorted(name for name in commands if not re.search(rf"`(\./ems )?{name}\b", README)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!http|#)([^)#]+)", document.read_text())
    assert sorted(target for target in targets if not (document.parent / target).exists()) == []
