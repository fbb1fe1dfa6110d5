"""Which version of the program this is."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import metadata

from .env import BASE_DIR, IS_CHECKOUT


@cache
def version() -> str:
    """As the project's own file says, or the installed package."""
    if not IS_CHECKOUT:
        return metadata.version("smart-ems")
    return str(tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"])
