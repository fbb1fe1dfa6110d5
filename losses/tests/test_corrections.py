"""What was declared wrongly is put right: no hour stays that was worked out from it."""

from __future__ import annotations

from typing import Any

import pytest

from losses.corrections import mark_corrected
from losses.models import DailyRollup, HourlyRollup
from losses.stale_hours import account_pending, has_pending
from substations.models import Link, PendingRange, StaleRange, Substation

from .stored_grid import quarters, send, substation, supplied

pytestmark = pytest.mark.django_db


@pytest.fixture
def accounted() -> Substation:
    station = substation()
    send(quarters("A", 26))
    account_pending(judged_only=False)
    return station


def losses_kwh() -> list[float]:
    account_pending(judged_only=False)
    return [row.no_load_loss_kwh for row in HourlyRollup.objects.order_by("substation", "at")]


def test_a_corrected_nameplate_corrects_every_hour(accounted: Substation) -> None:
    before = losses_kwh()
    accounted.no_load_loss_w = 2 * 1400
    accounted.save()
    assert losses_kwh() == pytest.approx([2 * each for each in before])


@pytest.mark.parametrize("name", ["name", "site", "grace_s"])
def test_what_no_figure_rests_on_makes_nothing_stale(accounted: Substation, name: str) -> None:
    setattr(accounted, name, 60 if name == "grace_s" else "North")
    accounted.save()
    assert mark_corrected() == 0
    assert not StaleRange.objects.exists()


def test_the_same_nameplate_again_makes_nothing_stale(accounted: Substation) -> None:
    accounted.save()
    assert mark_corrected() == 0


def test_a_correction_by_the_shell_waits_like_any_other(accounted: Substation) -> None:
    Substation.objects.update(load_loss_w=9000)
    PendingRange.objects.all().delete()
    assert has_pending()
    assert StaleRange.objects.get().substation == accounted


def test_what_is_corrected_is_looked_for_with_four_queries(
    accounted: Substation, django_assert_num_queries: Any
) -> None:
    for number in range(20):
        substation(f"B-{number}")
    mark_corrected()
    with django_assert_num_queries(4):
        assert mark_corrected() == 0


def test_a_corrected_interval_corrects_the_energy() -> None:
    station = substation(reading_interval_s=300)
    send(quarters("A", 26))
    account_pending(judged_only=False)
    assert HourlyRollup.objects.latest("at").covered_h == pytest.approx(1 / 3, abs=0.01)
    station.reading_interval_s = 900
    station.save()
    account_pending(judged_only=False)
    last = HourlyRollup.objects.latest("at")
    assert last.covered_h == pytest.approx(1)
    assert last.energy_import_kwh == pytest.approx(400, abs=1)


def test_the_hours_of_another_clock_replace_the_old_ones(accounted: Substation) -> None:
    total = sum(HourlyRollup.objects.values_list("energy_import_kwh", flat=True))
    accounted.time_zone = "Asia/Kolkata"
    accounted.save()
    account_pending(judged_only=False)
    hours = HourlyRollup.objects.order_by("at")
    assert {each.at.minute for each in hours} == {30}
    assert sum(each.energy_import_kwh for each in hours) == pytest.approx(total)
    assert sum(DailyRollup.objects.values_list("energy_import_kwh", flat=True)) == pytest.approx(total)


def test_a_link_that_is_added_or_taken_away_changes_what_the_lines_lose(accounted: Substation) -> None:
    supplied(accounted)
    account_pending(judged_only=False)
    assert HourlyRollup.objects.exists()
    assert all(row.feeder_loss_kwh for row in HourlyRollup.objects.all())
    Link.objects.get().delete()
    account_pending(judged_only=False)
    assert {row.feeder_loss_kwh for row in HourlyRollup.objects.all()} == {None}


def test_a_substation_without_readings_has_nothing_to_work_out() -> None:
    station = substation()
    mark_corrected()
    station.rated_kva = 630
    station.save()
    assert mark_corrected() == 1
    assert not StaleRange.objects.exists()
