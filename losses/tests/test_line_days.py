"""What each line loses: its hours are replaced one by one, its days are their sums, and the lines' losses are those
that the substations share."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from django.db.models import Sum

from losses.line_days import SHAPE
from losses.models import DailyRollup, LineDay
from losses.stale_hours import account_pending
from substations.models import Link

from .stored_grid import HOUR, MIDNIGHT, quarters, reading, send, substation, supplied

pytestmark = pytest.mark.django_db


def accounted(*codes: str, hours: float = 24) -> None:
    """Substations one behind the other, with this many hours of readings."""
    supplied(*(substation(code) for code in codes))
    for code in codes:
        send(quarters(code, hours))
    account_pending(judged_only=False)


def test_what_the_lines_lose_is_what_their_substations_share() -> None:
    accounted("A", "B")
    lines, shared = (model.objects.aggregate(sum=Sum(name))["sum"] for model, name in (
        (LineDay, "loss_kwh"), (DailyRollup, "feeder_loss_kwh")))  # fmt: skip
    assert lines == pytest.approx(shared, rel=1e-6)
    assert lines > 0


def test_the_line_next_to_the_supply_carries_both_and_loses_four_times_as_much() -> None:
    accounted("A", "B")
    first, second = LineDay.objects.order_by("link__target__code")
    assert first.carried_kwh == pytest.approx(2 * second.carried_kwh, rel=0.02)
    assert first.loss_kwh == pytest.approx(4 * second.loss_kwh, rel=0.02)
    assert (first.known_h, second.known_h) == (24, 24)


def test_a_silent_meter_lowers_what_is_known_of_the_lines_before_it() -> None:
    supplied(substation("A"), substation("B"))
    send(quarters("A", 24))
    send(quarters("B", 12))
    account_pending(judged_only=False)
    first, second = LineDay.objects.order_by("link__target__code")
    assert (first.known_h, second.known_h) == (18, 12)


def test_one_corrected_reading_replaces_one_hour() -> None:
    accounted("A")
    before = table()
    send([reading("A", MIDNIGHT + 5 * HOUR, active_kw=800.0)])
    account_pending(judged_only=False)
    after = table()
    assert np.nonzero((before != after)[0] & np.isfinite(after[0]))[0].tolist() == [5]
    day = LineDay.objects.get()
    assert day.loss_kwh == pytest.approx(np.nansum(after[0]), rel=1e-6)


def test_the_hour_that_a_clock_repeats_counts_twice() -> None:
    supplied(substation(time_zone="Europe/Berlin"))
    send(quarters("A", 25, since=datetime(2026, 10, 24, 22, tzinfo=UTC)))
    account_pending(judged_only=False)
    day = LineDay.objects.get()
    assert (day.day.isoformat(), day.known_h) == ("2026-10-25", 25)


def test_a_line_that_is_opened_loses_nothing_any_more() -> None:
    accounted("A", "B")
    Link.objects.filter(target__code="B").update(status=Link.Status.OPEN)
    account_pending(judged_only=False)
    assert [each.link.target.code for each in LineDay.objects.all()] == ["A"]


def test_a_line_of_unknown_resistance_has_no_figure() -> None:
    link = Link.objects.create(target=substation())
    send(quarters("A", 24))
    account_pending(judged_only=False)
    assert not LineDay.objects.filter(link=link).exists()


def table() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.frombuffer(LineDay.objects.get().by_hour, np.float32).reshape(SHAPE)
