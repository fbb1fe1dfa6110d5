"""Which version of the program this is."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import metadata

from .env import BASE_DIR


@cache
def version() -> str:
    """Of the checkout, or of the installed package where there is none."""
    project = BASE_DIR / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text())["project"]["version"])
    return metadata.version("smart-ems")
