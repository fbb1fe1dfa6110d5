"""Codes that the pure package names in its source, to hold the tables of words against."""

from __future__ import annotations

import re
from pathlib import Path

import losses.tariffs

FOLDER = Path(losses.tariffs.__file__).parent


def codes_named(call: str) -> set[str]:
    """The first arguments of calls that begin so, as far as they are texts: ``Remark("no_energy"`` → ``no_energy``."""
    pattern = re.compile(re.escape(call) + r'\s*"(\w+)"')
    return {code for path in FOLDER.glob("*.py") for code in pattern.findall(path.read_text())}
