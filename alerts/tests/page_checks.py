"""What every page and every verb of the list of alerts has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from substations.tests.readings_pages import text

__all__ = ["HTMX", "SignIn", "assert_guarded", "text"]
SignIn = Callable[[str], Client]
HTMX = {"HX-Request": "true"}


def assert_guarded(signed_in: SignIn, method: str, url: str, *, refused: tuple[str, ...], **data: Any) -> None:
    """Anonymous visitors are sent to the sign-in page; these roles are refused."""
    anonymous = getattr(Client(), method)(url, data)
    assert (anonymous.status_code, anonymous.headers["Location"].split("?")[0]) == (302, "/sign-in/")
    for role in refused:
        assert getattr(signed_in(role), method)(url, data).status_code == 403, role
