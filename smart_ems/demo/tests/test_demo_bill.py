"""The bill of the demo: of the month before, and not what we make of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ingestion import services as ingestion
from losses.models import UtilityBill
from losses.stale_hours import account_pending
from smart_ems.demo import demo_bill, demo_history

pytestmark = pytest.mark.django_db


def demo(monkeypatch: pytest.MonkeyPatch, now: datetime, days: int) -> None:
    monkeypatch.setattr(demo_history, "HISTORY_DAYS", days)
    ingestion.load(demo_history.load(now=now).pk)
    account_pending(judged_only=False)


def test_of_a_month_that_is_partly_known_the_gap_is_the_unknown_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    demo(monkeypatch, datetime(2026, 3, 3, tzinfo=UTC), 20)
    entered = demo_bill.enter()
    assert entered is not None
    assert entered.month.isoformat() == "2026-02-01"
    (energy, reactive) = entered.gaps
    assert (energy["figure"], energy["reason"]) == ("kwh", "missing_coverage")
    assert energy["gap"] > 0
    assert reactive["figure"] == "kvarh"


def test_of_a_whole_month_it_is_the_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    demo(monkeypatch, datetime(2026, 3, 1, 6, tzinfo=UTC), 30)
    entered = demo_bill.enter()
    assert entered is not None
    assert entered.gaps[0]["reason"] == "before_transformer"


def test_a_record_within_one_month_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    demo(monkeypatch, datetime(2026, 3, 10, tzinfo=UTC), 3)
    assert demo_bill.enter() is None
    assert not UtilityBill.objects.exists()
