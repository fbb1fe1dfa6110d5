"""A few substations in every state, for the pages that join the apps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from alerts.tests.alert_scenes import detected, reviewed
from mlcore.models import Detector, Score
from substations.models import Reading, Substation
from substations.tests.readings_pages import text

__all__ = ["SignIn", "alerted", "assert_guarded", "scored", "station", "text"]
SignIn = Callable[[str], Client]


def station(code: str, *, silent_for: timedelta = timedelta(0), trained: bool = True, **values: Any) -> Substation:
    """A substation whose newest reading came in ``silent_for`` ago."""
    now = timezone.now() - silent_for
    substation = Substation.objects.create(code=code, received_at=now, **values)
    Reading.objects.create(substation=substation, at=now, power_factor=0.9, active_power_kw=120.0)
    if trained:
        Detector.objects.create(
            substation=substation, version=1, trained_from=now, trained_until=now, row_count=1, arrays=b"", sha256="",
            is_active=True,
        )  # fmt: skip
    return substation


def scored(substation: Substation, status: int = 0, at: datetime | None = None) -> None:
    newest = substation.readings.order_by("-at")[0].at
    Score.objects.create(substation=substation, at=at or newest, status=status, loss_kw=3.5, extra_loss_kw=0.5)


def alerted(substation: Substation, **values: Any) -> Alert:
    return reviewed(detected(substation, **values))


def assert_guarded(signed_in: SignIn, url: str) -> None:
    """Anonymous visitors are sent to the sign-in page, those without a role are refused, and a POST is no way in."""
    anonymous = Client().get(url)
    assert (anonymous.status_code, anonymous.headers["Location"].split("?")[0]) == (302, "/sign-in/")
    assert signed_in("outsider").get(url).status_code == 403
    assert signed_in("engineer").post(url).status_code == 405
