"""A short name for what a browser says of itself, so that a person recognises their own."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

# The first that is found names it: most browsers also claim to be those further below.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox|FxiOS", "Firefox"),
    ("HeadlessChrome", "Headless Chrome"), ("Chrome|CriOS", "Chrome"), ("Safari", "Safari"), ("curl/", "curl"),
    ("python-requests", "Python"),
)  # fmt: skip
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone|iPad", "iOS"), ("Mac OS X|Macintosh", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux|X11", "Linux"),
)  # fmt: skip


def browser_name(user_agent: str) -> str:
    """For example “Firefox on Windows”; empty where nothing is recognised."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, text)), "")
