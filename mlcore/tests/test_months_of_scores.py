"""On PostgreSQL the months of new scores are made before their transaction: two workers would wait for each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from mlcore.models import Score
from mlcore.scoring.pending import score_pending
from mlcore.scoring.scorers import ScorerRegistry
from substations import partitions
from substations.models import PendingRange, Reading, Substation
from substations.partitions import SCORES, ensure_months

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NEW_YEAR = datetime(2034, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def test_both_ways_of_scoring_make_their_months_outside_of_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[bool, str]] = []
    create = partitions._create_all

    def noted(table: str, missing: Mapping[str, Any]) -> None:
        made.extend((connection.in_atomic_block, name) for name in missing)
        create(table, missing)

    monkeypatch.setattr(partitions, "_create_all", noted)
    station, scorers = Substation.objects.create(code="SS-01", reading_interval_s=900), ScorerRegistry()
    ensure_months(NEW_YEAR - QUARTER, NEW_YEAR + timedelta(days=40))
    made.clear()
    for first, last in ((NEW_YEAR - 96 * QUARTER, NEW_YEAR - QUARTER), (NEW_YEAR, NEW_YEAR + 4 * QUARTER)):
        steps = range((last - first) // QUARTER + 1)
        Reading.objects.bulk_create(
            Reading(substation=station, at=first + step * QUARTER, active_power_kw=80, reactive_power_kvar=30)
            for step in steps
        )
        PendingRange.objects.create(substation=station, start=first, end=last)
        assert score_pending(scorers=scorers) > 0
    assert made == [(False, f"{SCORES}_2033_12"), (False, f"{SCORES}_2034_01")]
    assert Score.objects.filter(at__gte=NEW_YEAR).count() == 5
