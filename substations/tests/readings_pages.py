"""What the pages and the API of the grid have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from substations.models import Reading, Substation

AT = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=15)
SignIn = Callable[[str], Client]


def assert_guarded(signed_in: SignIn, url: str) -> None:
    """Anonymous visitors are sent to the sign-in page, those without a role are refused, and a POST is no way in."""
    anonymous = Client().get(url)
    assert (anonymous.status_code, anonymous.headers["Location"].split("?")[0]) == (302, "/sign-in/")
    assert signed_in("outsider").get(url).status_code == 403
    assert signed_in("engineer").post(url).status_code == 405


def text(response: Any) -> str:
    """What was answered; of a page without the white space that only lays out its source."""
    chunks = response.streaming_content if getattr(response, "streaming", False) else [response.content]
    content = b"".join(chunks).decode()
    if not response.headers["Content-Type"].startswith("text/html"):
        return content
    page = re.sub(r"\s+", " ", content)
    page = re.sub(r"(<(?:dd|dt|td|th|div|p|li|span)\b[^>]*>) ", r"\1", page)
    return re.sub(r" (?=</)|(?<=>) (?=<)", "", page).strip()


def read(substation: Substation, count: int = 3, **values: Any) -> None:
    Reading.objects.bulk_create(Reading(substation=substation, at=AT + n * STEP, **values) for n in range(count))
