"""The background work: what follows once hours are accounted."""

from __future__ import annotations

import pytest

from losses import tasks
from losses.models import BankRecommendation, HourlyRollup
from substations.models import PendingRange

from .stored_grid import quarters, send, substation

pytestmark = pytest.mark.django_db


def test_the_first_hours_bring_the_first_recommendations() -> None:
    substation()
    send(quarters("A", 26))
    PendingRange.objects.all().delete()
    tasks.account_pending()
    assert HourlyRollup.objects.count() == 26
    assert BankRecommendation.objects.get().outcome == BankRecommendation.Advice.TOO_SHORT


def test_later_hours_leave_them_to_their_own_task(monkeypatch: pytest.MonkeyPatch) -> None:
    substation()
    send(quarters("A", 26))
    PendingRange.objects.all().delete()
    tasks.account_pending()
    send(quarters("A", 30))
    PendingRange.objects.all().delete()
    asked: list[object] = []
    monkeypatch.setattr("losses.recommendations.refresh_recommendations", lambda: asked.append(1))
    tasks.account_pending()
    assert HourlyRollup.objects.count() == 30
    assert asked == []
