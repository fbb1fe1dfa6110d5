"""Which hours are accounted when: those that readings touched, once they are judged, and no others."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from losses import rollup_storage, rollups, stale_hours
from losses.models import DailyRollup, HourlyRollup
from losses.stale_hours import account_pending, has_pending
from mlcore.models import Score, ScoringFailure
from mlcore.services import score_pending
from substations.models import PendingRange, StaleRange

from .stored_grid import HOUR, MIDNIGHT, quarters, reading, send, substation, supplied

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, datetime]]:
    """Substation and time of every hour that is written."""
    rows: list[tuple[int, datetime]] = []
    real = rollup_storage.replace_hours

    def noted(batch: Any, hours: Any, new: Any) -> None:
        rows.extend((row[0], row[1]) for row in new)
        real(batch, hours, new)

    monkeypatch.setattr(stale_hours, "replace_hours", noted)
    return rows


def judged_and_accounted() -> None:
    score_pending()
    account_pending()


def test_readings_become_hours_and_days() -> None:
    substation()
    send(quarters("A", 3))
    assert has_pending() is False, "they have not been judged yet"
    assert account_pending() == 0
    score_pending()
    assert has_pending() is True
    assert account_pending() == 3
    assert account_pending() == 0
    assert not StaleRange.objects.exists()
    assert [row.energy_import_kwh for row in HourlyRollup.objects.order_by("at")] == [400.0] * 3
    day = DailyRollup.objects.get()
    assert (day.day.isoformat(), day.energy_import_kwh, day.covered_h) == ("2026-03-02", 1200.0, 3.0)


def test_one_corrected_reading_recomputes_one_hour(written: list[tuple[int, datetime]]) -> None:
    station = substation()
    send(quarters("A", 48))
    judged_and_accounted()
    written.clear()
    send([reading("A", MIDNIGHT + 5 * HOUR, active_kw=800.0)])
    judged_and_accounted()
    assert written == [(station.pk, MIDNIGHT + 5 * HOUR)]
    assert HourlyRollup.objects.get(at=MIDNIGHT + 5 * HOUR).energy_import_kwh == 500.0
    assert DailyRollup.objects.get(day="2026-03-02").energy_import_kwh == 24 * 400.0 + 100.0


def test_the_same_reading_again_recomputes_nothing(written: list[tuple[int, datetime]]) -> None:
    substation()
    send(quarters("A", 4))
    judged_and_accounted()
    written.clear()
    send(quarters("A", 4))
    judged_and_accounted()
    assert written == []


def test_a_reading_changes_what_its_neighbours_on_the_line_bear(written: list[tuple[int, datetime]]) -> None:
    first, second = substation("A"), substation("B")
    alone = substation("C")
    supplied(first, second)
    send([*quarters("A", 4), *quarters("B", 4), *quarters("C", 4)])
    judged_and_accounted()
    before = HourlyRollup.objects.get(substation=first, at=MIDNIGHT).feeder_loss_kwh
    written.clear()
    send([reading("B", MIDNIGHT, active_kw=900.0)])
    judged_and_accounted()
    assert sorted(written) == [(first.pk, MIDNIGHT), (second.pk, MIDNIGHT)]
    after = HourlyRollup.objects.get(substation=first, at=MIDNIGHT).feeder_loss_kwh
    assert before is not None
    assert after is not None
    assert after > before
    assert HourlyRollup.objects.filter(substation=alone).count() == 4


def test_hours_that_were_judged_again_are_accounted_where_their_excess_has_moved(
    written: list[tuple[int, datetime]],
) -> None:
    station = substation()
    send(quarters("A", 6))
    judged_and_accounted()
    written.clear()
    Score.objects.filter(at__gte=MIDNIGHT + 2 * HOUR, at__lt=MIDNIGHT + 3 * HOUR).update(extra_loss_kw=1.5)
    StaleRange.objects.create(substation=station, start=MIDNIGHT, end=MIDNIGHT + 5 * HOUR, is_certain=False)
    account_pending()
    assert written == [(station.pk, MIDNIGHT + 2 * HOUR)]
    assert HourlyRollup.objects.get(at=MIDNIGHT + 2 * HOUR).excess_loss_kwh == pytest.approx(1.5)


def test_a_substation_that_cannot_be_judged_is_accounted_all_the_same() -> None:
    station = substation()
    send(quarters("A", 2))
    now = timezone.now()
    ScoringFailure.objects.create(
        substation=station, reason="ValueError: no", first_failed_at=now, failed_at=now, retry_at=now + HOUR
    )
    assert account_pending() == 2
    assert PendingRange.objects.exists(), "it is still to be judged"
    assert set(HourlyRollup.objects.values_list("excess_loss_kwh", flat=True)) == {None}


def test_an_hour_without_readings_has_no_row_and_one_with_a_gap_says_how_much_is_known() -> None:
    substation()
    send([*quarters("A", 1), *quarters("A", 0.5, since=MIDNIGHT + 2 * HOUR)])
    judged_and_accounted()
    rows = {row.at: row for row in HourlyRollup.objects.all()}
    assert set(rows) == {MIDNIGHT, MIDNIGHT + 2 * HOUR}
    assert rows[MIDNIGHT + 2 * HOUR].covered_h == 0.5
    # Half an hour at 400 kW and a little, and nothing made up for the rest.
    assert rows[MIDNIGHT + 2 * HOUR].energy_import_kwh == pytest.approx(200.25)


def test_what_is_not_known_of_the_network_stays_empty() -> None:
    substation()
    send(quarters("A", 1))
    judged_and_accounted()
    row = HourlyRollup.objects.get()
    assert row.feeder_loss_kwh is None
    assert row.avoidable_loss_kwh > 0


def test_an_unknown_nameplate_is_an_interval_and_never_nothing() -> None:
    substation(rated_kva=None, no_load_loss_w=None, load_loss_w=None)
    send(quarters("A", 1))
    judged_and_accounted()
    row = HourlyRollup.objects.get()
    assert row.is_assumed is True
    assert 0 < row.loss_low_kwh < row.no_load_loss_kwh + row.load_loss_kwh < row.loss_high_kwh


def test_readings_of_two_intervals_on_one_network_are_accounted_together() -> None:
    slow, fast = substation("A", reading_interval_s=1800), substation("B", reading_interval_s=600)
    supplied(slow, fast)
    send(reading("A", MIDNIGHT + n * timedelta(minutes=30)) for n in range(4))
    send(reading("B", MIDNIGHT + n * timedelta(minutes=10)) for n in range(12))
    judged_and_accounted()
    rows = HourlyRollup.objects.all()
    assert [(row.energy_import_kwh, row.covered_h) for row in rows] == [(400.0, 1.0)] * 4
    assert all(row.feeder_loss_kwh for row in rows)


def test_the_result_of_a_claim_that_ran_out_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    substation()
    send(quarters("A", 1))
    score_pending()

    def taken_over(*args: Any) -> Any:
        StaleRange.objects.update(claimed_by=uuid.uuid4())
        return rollups.accounted_hours(*args)

    monkeypatch.setattr(stale_hours, "accounted_hours", taken_over)
    assert account_pending() == 0
    assert not HourlyRollup.objects.exists()
    assert StaleRange.objects.exists()


def test_what_another_worker_accounts_is_left_to_it() -> None:
    substation()
    send(quarters("A", 1))
    score_pending()
    StaleRange.objects.update(claimed_by=uuid.uuid4(), claimed_until=timezone.now() + HOUR)
    assert account_pending() == 0
    StaleRange.objects.update(claimed_until=timezone.now() - HOUR)
    assert account_pending() == 1


def test_a_long_record_is_accounted_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    substation()
    send(quarters("A", 30))
    score_pending()
    whole = account_pending()
    rows = list(HourlyRollup.objects.values())
    days = list(DailyRollup.objects.values())
    StaleRange.objects.create(substation_id=rows[0]["substation_id"], start=MIDNIGHT, end=MIDNIGHT + 30 * HOUR)
    monkeypatch.setattr(stale_hours, "MAX_READINGS", 28)  # seven hours
    assert account_pending() == whole
    assert list(HourlyRollup.objects.values()) == rows
    assert list(DailyRollup.objects.values()) == days
