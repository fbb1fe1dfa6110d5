"""Which version of the program this is."""

from __future__ import annotations

import tomllib
from functools import cache

from .env import BASE_DIR


@cache
def version() -> str:
    """As the project's own file says."""
    return str(tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"])
