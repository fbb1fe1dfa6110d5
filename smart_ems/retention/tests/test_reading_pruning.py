"""The retention drill: old readings go, and no figure that was worked out from them changes, whatever comes after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from losses.models import DailyRollup, HourlyRollup
from losses.stale_hours import account_pending
from losses.tests.stored_grid import HOUR, MIDNIGHT, reading
from mlcore.models import Detection, Score
from mlcore.services import score_pending
from smart_ems.retention import reading_pruning
from smart_ems.retention.reading_pruning import prune_rows
from substations.models import Link, PendingRange, Reading, StaleRange, Substation

from .retention_scenes import BEFORE, DAY, KEPT_FROM, figures, freed, network, prune, settle

pytestmark = pytest.mark.django_db
A_DAY = 96


def test_whole_days_go_and_every_figure_stays() -> None:
    network()
    before = figures()
    assert freed(prune()) == 2 * 3 * A_DAY
    assert Reading.objects.order_by("at").first().at == KEPT_FROM  # type: ignore[union-attr]
    assert set(Substation.objects.values_list("readings_kept_from", flat=True)) == {KEPT_FROM}
    assert figures() == before
    assert not StaleRange.objects.exists()
    assert Score.objects.count() == 2 * 5 * A_DAY


def test_the_second_time_nothing_is_left_to_do() -> None:
    network()
    prune()
    assert prune() == []
    assert freed(prune(before=BEFORE + DAY)) == 2 * A_DAY


def test_days_are_those_of_the_clock_of_the_network() -> None:
    network(time_zone="Asia/Kolkata")
    prune()
    oldest = Reading.objects.earliest("at").at
    assert oldest == KEPT_FROM - timedelta(hours=5, minutes=30)


@pytest.mark.parametrize("waiting", [PendingRange, StaleRange])
def test_a_day_with_something_left_to_do_waits_for_the_whole_network(waiting: Any) -> None:
    network()
    at = MIDNIGHT + DAY + 5 * HOUR
    waiting.objects.create(substation=Substation.objects.get(code="B"), start=at, end=at + HOUR)
    pieces = prune()
    assert freed(pieces) == 2 * A_DAY
    assert "of A and its network" in pieces[-1].waits_for
    waiting.objects.all().delete()
    assert freed(prune()) == 2 * 2 * A_DAY


def test_a_correction_that_nobody_accounted_yet_comes_first() -> None:
    network()
    Substation.objects.update(no_load_loss_w=2800)
    assert freed(prune()) == 0
    settle()
    assert {row.no_load_loss_kwh for row in HourlyRollup.objects.all()} == {2.8}
    assert freed(prune()) == 2 * 3 * A_DAY


def test_figures_that_are_missing_are_worked_out_first() -> None:
    network()
    HourlyRollup.objects.filter(at__lt=MIDNIGHT + DAY).delete()
    DailyRollup.objects.filter(day=MIDNIGHT.date()).delete()
    assert freed(prune()) == 0
    settle()
    assert freed(prune()) == 2 * 3 * A_DAY
    assert DailyRollup.objects.filter(day=MIDNIGHT.date()).count() == 2


def test_readings_that_give_no_figures_go_without() -> None:
    network(5, "A")
    Reading.objects.filter(at__lt=MIDNIGHT + DAY).update(active_power_kw=None, reactive_power_kvar=None)
    HourlyRollup.objects.filter(at__lt=MIDNIGHT + DAY).delete()
    DailyRollup.objects.filter(day=MIDNIGHT.date()).delete()
    Reading.objects.filter(at__lt=MIDNIGHT + DAY).update(apparent_power_kva=None, power_factor=None, current_avg_a=None)
    assert freed(prune()) == 3 * A_DAY


@pytest.mark.parametrize(
    "change",
    [
        {"no_load_loss_w": 5600},
        {"reading_interval_s": 300},
        {"exports_power": "yes"},
    ],
)
def test_a_correction_afterwards_changes_no_hour_without_readings(change: dict[str, Any]) -> None:
    network()
    prune()
    before = figures()
    Substation.objects.filter(code="A").update(**change)
    settle()
    after = figures()
    hours = [row for row in before["HourlyRollup"] if row["at"] < KEPT_FROM]
    assert [row for row in after["HourlyRollup"] if row["at"] < KEPT_FROM] == hours
    assert len(hours) == 2 * 72
    for table in ("DailyRollup", "LineDay"):
        old = [row for row in before[table] if row["day"] < KEPT_FROM.date()]
        assert [row for row in after[table] if row["day"] < KEPT_FROM.date()] == old != []
    if "no_load_loss_w" in change:
        later = [row["no_load_loss_kwh"] for row in after["HourlyRollup"] if row["at"] >= KEPT_FROM]
        assert set(later) == {5.6, 1.4}


def test_an_hour_that_is_asked_for_again_keeps_its_figures() -> None:
    network()
    prune()
    before = figures()
    for station in Substation.objects.all():
        StaleRange.objects.create(substation=station, start=MIDNIGHT, end=MIDNIGHT + 4 * DAY)
        StaleRange.objects.create(substation=station, start=MIDNIGHT, end=MIDNIGHT + 4 * DAY, is_certain=False)
    assert account_pending() > 0
    after = figures()
    for table, rows in before.items():
        assert len(after[table]) == len(rows)
        for old, new in zip(rows, after[table], strict=True):
            at = old.get("at") or old["day"]
            if (at if "at" in old else MIDNIGHT.replace(year=at.year, month=at.month, day=at.day)) < KEPT_FROM:
                assert new == old


def test_another_clock_afterwards_loses_nothing() -> None:
    network(5, "A")
    prune()
    total = sum(HourlyRollup.objects.values_list("energy_import_kwh", flat=True))
    Substation.objects.update(time_zone="Asia/Kolkata")
    settle()
    assert sum(HourlyRollup.objects.values_list("energy_import_kwh", flat=True)) == pytest.approx(total)
    assert HourlyRollup.objects.filter(at__lt=KEPT_FROM - HOUR).count() == 71
    assert HourlyRollup.objects.latest("at").at.minute == 30


def test_a_reading_of_that_time_is_refused_in_words(client: Any, admin_user: Any) -> None:
    network()
    prune()
    client.force_login(admin_user)
    rows = [reading("A", KEPT_FROM - HOUR), reading("A", KEPT_FROM)]
    answer = client.post("/api/readings/", rows, content_type="application/json").json()
    assert [row["outcome"] for row in answer] == ["rejected", "unchanged"]
    assert "deleted by the retention" in answer[0]["expected"]
    assert not PendingRange.objects.exists()


def test_one_that_a_load_brought_all_the_same_changes_no_figure_and_goes() -> None:
    network()
    prune()
    before = figures()
    late = KEPT_FROM - 5 * HOUR
    station = Substation.objects.get(code="A")
    Reading.objects.create(substation=station, at=late, active_power_kw=1.0)
    for waiting in (PendingRange, StaleRange):
        waiting.objects.create(substation=station, start=late, end=late)
    assert freed(prune()) == 0
    score_pending()
    assert not PendingRange.objects.exists()
    account_pending()
    assert figures() == before
    assert freed(prune()) == 1


def test_what_was_found_in_them_is_not_withdrawn_when_everything_is_judged_again() -> None:
    network(30, "A")
    station = Substation.objects.get()
    stretches = [(1, 2), (2, 12), (4, 5)]
    for first, last in stretches:
        Detection.objects.create(
            substation=station, kind="loss", cause="overload", severity=10, start=MIDNIGHT + first * DAY,
            end=MIDNIGHT + last * DAY, peak=MIDNIGHT + first * DAY, score=2, reason="",
        )  # fmt: skip
    prune()
    PendingRange.objects.create(substation=station, start=MIDNIGHT, end=MIDNIGHT + 30 * DAY)
    assert score_pending() > 0
    assert not Detection.objects.filter(withdrawn_at__isnull=False).exists()
    assert Detection.objects.count() == len(stretches)
    assert Score.objects.filter(at__lt=KEPT_FROM, extra_loss_kw=1.0).count() == 3 * A_DAY, "as they were"


def test_scores_go_by_themselves_and_the_excess_loss_stays() -> None:
    network()
    before = figures()
    assert freed(prune(Score)) == 2 * 3 * A_DAY
    assert Reading.objects.count() == 2 * 5 * A_DAY
    for station in Substation.objects.all():
        StaleRange.objects.create(substation=station, start=MIDNIGHT, end=MIDNIGHT + 4 * DAY)
    account_pending()
    assert figures() == before
    Substation.objects.update(no_load_loss_w=2800)
    account_pending()
    assert {(row.no_load_loss_kwh, row.excess_loss_kwh) for row in HourlyRollup.objects.all()} == {(2.8, 1.0)}


def test_one_network_that_waits_holds_up_no_other() -> None:
    network(5, "A")
    network(5, "C")
    station = Substation.objects.get(code="C")
    PendingRange.objects.create(substation=station, start=MIDNIGHT, end=MIDNIGHT)
    Substation.objects.filter(code="C").update(time_zone="Europe/Berlin")
    settle()
    PendingRange.objects.create(substation=station, start=MIDNIGHT, end=MIDNIGHT)
    pieces = prune()
    assert freed(pieces) == 3 * A_DAY
    assert Reading.objects.filter(substation=station).count() == 5 * A_DAY


def test_a_run_that_is_killed_in_the_middle_is_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    network()
    before = figures()
    monkeypatch.setattr(reading_pruning, "PIECE_ROWS", 50)
    run: Iterator[Any] = prune_rows(Reading, before=BEFORE)
    assert next(run).freed == 0  # the boundary has been moved
    for _piece in range(3):
        assert next(run).freed == 50
    del run  # nothing of it goes on
    assert Reading.objects.count() == 2 * 5 * A_DAY - 150
    Substation.objects.filter(code="B").update(no_load_loss_w=2800)  # between the two, everything is corrected
    settle()
    assert freed(prune()) == 2 * 3 * A_DAY - 150
    kept = [row for row in before["HourlyRollup"] if row["at"] < KEPT_FROM]
    assert [row for row in figures()["HourlyRollup"] if row["at"] < KEPT_FROM] == kept


def test_rows_go_in_short_statements(django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    network(5, "A")
    monkeypatch.setattr(reading_pruning, "PIECE_ROWS", 100)
    pieces = prune()
    assert [piece.freed for piece in pieces] == [0, 100, 100, 88]


def test_a_new_history_of_another_substation_is_pruned_once_it_is_accounted() -> None:
    network(5, "A")
    prune()
    network(5, "C")
    assert freed(prune()) == 3 * A_DAY
    assert DailyRollup.objects.filter(substation__code="C").count() == 5


def test_links_that_are_made_later_change_no_hour_without_readings() -> None:
    network(5, "A")
    prune()
    before = figures()["HourlyRollup"]
    network(5, "C")
    Link.objects.create(
        source=Substation.objects.get(code="A"), target=Substation.objects.get(code="C"), r_ohm=1, x_ohm=1
    )
    settle()
    kept = [row for row in before if row["at"] < KEPT_FROM]
    station = Substation.objects.get(code="A").pk
    after = figures()["HourlyRollup"]
    assert [row for row in after if row["at"] < KEPT_FROM and row["substation_id"] == station] == kept


def test_the_table_of_a_month_is_smaller_afterwards() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL gives space back by itself")
    network(5, "A")
    prune()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA freelist_count")
        assert cursor.fetchone()[0] > 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="months are tables of their own on PostgreSQL")
def test_a_month_that_nobody_keeps_is_dropped_as_a_whole() -> None:
    network(40)
    before = figures()
    until = MIDNIGHT + 39 * DAY
    with CaptureQueriesContext(connection) as queries:
        pieces = prune(before=until)
    dropped = [query["sql"] for query in queries if query["sql"].startswith("DROP TABLE")]
    month = f"{MIDNIGHT:%Y_%m}"
    assert dropped == [f'DROP TABLE "substations_reading_{month}"']
    assert freed(pieces) == 2 * 39 * A_DAY
    assert Reading.objects.earliest("at").at == until
    assert figures() == before
