"""How the site of these documents is built: ``./ems docs``. Nothing of it is asked from another host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

project = "Smart EMS"
author = "The Smart EMS authors"
release = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)[0]
version = release

extensions = ["myst_parser"]
myst_heading_anchors = 4
exclude_patterns = ["img"]
html_theme = "furo"
html_title = f"Smart EMS {release}"
html_show_sourcelink = False
html_copy_source = False

# Pages whose text stands beside this folder.
OUTSIDE = {
    "index": "README.md",
    "changelog": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
    "report-a-weakness": "SECURITY.md",
}


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _read_source)


def _read_source(app: Any, name: str, source: list[str]) -> None:
    """Put the text of a file beside this folder before what stands here, and lead links to the site's pages."""
    if name in OUTSIDE:
        text = (ROOT / OUTSIDE[name]).read_text().replace("](docs/", "](")
        source[0] = f"{text}\n{source[0]}"
    for page, file in OUTSIDE.items():
        source[0] = re.sub(rf"\]\((\.\./)?{file}", f"]({page}.md", source[0])
