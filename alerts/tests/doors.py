"""What every page and every verb of the alert desk has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from substations.tests.doors import text

__all__ = ["HTMX", "Doors", "assert_guarded", "text"]
Doors = Callable[[str], Client]
HTMX = {"HX-Request": "true"}


def assert_guarded(signed_in: Doors, method: str, url: str, *, refused: tuple[str, ...], **data: Any) -> None:
    """Anonymous visitors are sent to the sign-in page; these roles are refused."""
    anonymous = getattr(Client(), method)(url, data)
    assert (anonymous.status_code, anonymous.headers["Location"].split("?")[0]) == (302, "/sign-in/")
    for role in refused:
        assert getattr(signed_in(role), method)(url, data).status_code == 403, role
