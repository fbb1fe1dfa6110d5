"""What the clock does: raise again, close, end chattering. However late it runs, and running twice changes nothing."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from alerts import chattering, review, services, shelf, timers
from alerts.models import Alert, AlertEvent
from mlcore.models import Detection

from .alert_scenes import (  # fmt: skip
    CRITICAL,
    HOUR,
    START,
    WARNING,
    Cast,
    actions,
    cleared,
    detected,
    fresh,
    raised,
    reviewed,
    revised,
    station,
)

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(("severity", "hours"), [(WARNING, 24), (CRITICAL, 4)])
def test_what_is_acknowledged_and_still_active_is_raised_again_after_its_time(
    person: Cast, severity: int, hours: int
) -> None:
    alert = services.acknowledge(raised(severity=severity), by=person("operator"))
    acknowledged_at = fresh(alert).acknowledged_at
    assert acknowledged_at is not None
    assert timers.re_alarm(now=acknowledged_at + hours * HOUR - MINUTE) == 0
    assert timers.re_alarm(now=acknowledged_at + hours * HOUR) == 1
    assert timers.re_alarm(now=acknowledged_at + 2 * hours * HOUR) == 0
    assert (fresh(alert).state, fresh(alert).acknowledged_by) == ("unacknowledged", None)
    assert AlertEvent.objects.get(action="re_alarm").announces


def test_nothing_is_raised_again_that_is_shelved_or_has_cleared_or_where_it_is_turned_off(
    person: Cast, settings: Any
) -> None:
    by = person("engineer")
    shelf.shelve(services.acknowledge(raised("A"), by=by), by=by, minutes=60, note="later")
    cleared(services.acknowledge(raised("B", severity=CRITICAL), by=by))
    late = timezone.now() + 30 * DAY
    assert timers.re_alarm(now=late) == 0
    services.acknowledge(raised("C"), by=by)
    settings.ALERT_RE_ALARM_WARNING_HOURS = 0
    assert timers.re_alarm(now=late) == 0


def test_a_cleared_warning_that_nobody_acknowledges_is_closed_after_a_week_by_the_system() -> None:
    alert = cleared(raised())
    assert timers.expire(now=alert.detected_at + 7 * DAY - MINUTE) == 0
    assert timers.expire(now=alert.detected_at + 7 * DAY) == 1
    assert (fresh(alert).closure, fresh(alert).acknowledged) == ("expired", False)
    event = AlertEvent.objects.get(action="expire")
    assert (event.actor, event.source) == (None, "system")


def test_neither_an_active_nor_a_critical_nor_an_acknowledged_one_is_ever_closed_by_time(person: Cast) -> None:
    raised("A")
    cleared(raised("B", severity=CRITICAL))
    eased = raised("C", severity=CRITICAL)
    reviewed(revised(eased.detection, severity=WARNING))
    cleared(fresh(eased))
    services.acknowledge(raised("D"), by=person("operator"))
    assert timers.expire(now=timezone.now() + 3650 * DAY) == 0


def test_an_active_alert_is_stale_after_a_day() -> None:
    alert = raised()
    assert not Alert.objects.stale(START + DAY - MINUTE).exists()
    assert Alert.objects.stale(START + DAY).get() == alert


def test_a_warning_that_was_over_before_anybody_was_told_is_counted_and_not_shown() -> None:
    alert = raised(end=START + 29 * MINUTE)
    assert (alert.closure, actions(alert)) == ("fleeting", ["record"])
    assert Alert.objects.fleeting().get() == alert
    assert not Alert.objects.in_history().exists()
    assert not AlertEvent.objects.filter(announces=True).exists()


@pytest.mark.parametrize("values", [{"end": START + 30 * MINUTE}, {"end": START + MINUTE, "severity": CRITICAL}])
def test_a_longer_one_and_a_critical_one_are_never_fleeting(values: dict[str, Any]) -> None:
    assert raised(**values).closure == Alert.Closure.OPEN


def test_a_fleeting_one_that_goes_on_after_all_is_raised_and_one_that_lasted_is_history() -> None:
    alert, other = raised("A", end=START + MINUTE), raised("B", end=START + MINUTE)
    reviewed(revised(alert.detection, end=None))
    reviewed(revised(other.detection, end=START + 5 * HOUR))
    assert fresh(alert).state == "unacknowledged"
    assert Alert.objects.in_history().get() == other


def came(*minutes: int, until: int | None = None, ago: timedelta = timedelta(0)) -> Alert:
    """An alert that came at these minutes, one minute each time, until now less ``ago``; open unless ``until``."""
    now = timezone.now() - ago
    start = now - minutes[-1] * MINUTE
    alert = None
    for n, at in enumerate(minutes):
        found = detected(start=start + at * MINUTE, kind="data_missing", cause="data_missing")
        alert = reviewed(found)
        last = n == len(minutes) - 1
        if not last or until is not None:
            alert = reviewed(revised(found, end=start + (until if last and until else at + 1) * MINUTE))
    assert alert is not None
    return fresh(alert)


@pytest.fixture
def quick() -> None:
    """A substation that reports each minute: ten readings are ten minutes."""
    substation = station()
    substation.reading_interval_s = 60
    substation.save()


@pytest.mark.usefixtures("quick")
def test_the_third_time_within_half_an_hour_it_chatters_and_is_not_announced_again() -> None:
    alert = came(0, 10, 20)
    assert (alert.chattering_count, alert.occurrences) == (3, 3)
    events = AlertEvent.objects.filter(alert=alert, announces=True)
    assert [event.action for event in events] == ["raise", "return"]
    assert actions(alert) == ["raise", "clear", "return", "clear", "return"]


@pytest.mark.usefixtures("quick")
def test_three_times_in_a_longer_time_are_no_chattering() -> None:
    assert came(0, 20, 40).chattering_count == 0


@pytest.mark.usefixtures("quick")
def test_while_it_chatters_its_clearing_waits_and_its_return_within_that_time_changes_nothing() -> None:
    alert = came(0, 10, 20, until=20)
    assert alert.condition == "active"
    assert alert.clear_due_at is not None
    before = actions(alert)
    reviewed(detected(start=timezone.now(), kind="data_missing", cause="data_missing"))
    assert (fresh(alert).chattering_count, fresh(alert).clear_due_at, actions(alert)) == (4, None, before)


@pytest.mark.usefixtures("quick")
def test_it_clears_when_it_stayed_away_and_no_longer_chatters_after_a_quiet_hour() -> None:
    alert = came(0, 10, 20, until=20)
    due = alert.clear_due_at
    assert due is not None
    assert timers.settle_chattering(now=due - MINUTE) == 0
    assert timers.settle_chattering(now=due) == 1
    assert (fresh(alert).state, fresh(alert).chattering_count) == ("cleared_unacknowledged", 3)
    timers.settle_chattering(now=due + HOUR)
    assert fresh(alert).chattering_count == 0


@pytest.mark.usefixtures("quick")
def test_what_came_three_times_long_ago_does_not_chatter_now() -> None:
    assert came(0, 10, 20, until=21, ago=5 * HOUR).chattering_count == 0


def test_ten_slow_readings_are_a_short_time() -> None:
    starts = [START, START + 70 * MINUTE, START + 150 * MINUTE]
    assert chattering.chatters(starts, 15 * MINUTE) == 3
    assert chattering.chatters(starts, 14 * MINUTE) == 0


def test_the_off_delay_grows_by_half_to_an_hour() -> None:
    minutes = [chattering.off_delay(count).total_seconds() / 60 for count in (2, 3, 4, 5, 9, 999)]
    assert minutes == [0, 15, 22.5, 33.75, 60, 60]


@given(st.lists(st.integers(0, 300), max_size=20), st.integers(1, 60))
def test_a_run_has_no_quiet_hour_in_it_and_its_newest_is_the_newest(minutes: list[int], interval: int) -> None:
    starts = [START + each * MINUTE for each in minutes]
    run = chattering.run_of(starts)
    assert run == sorted(run)
    assert run[-1:] == sorted(starts)[-1:]
    assert all(later - earlier < HOUR for earlier, later in pairwise(run))
    assert chattering.chatters(starts, interval * MINUTE) in (0, *range(3, len(starts) + 1))


def test_everything_that_is_due_is_done_in_one_round_and_a_second_changes_nothing(person: Cast) -> None:
    services.acknowledge(raised("A"), by=person("operator"))
    cleared(raised("B"))
    late = timezone.now() + 8 * DAY
    assert timers.follow(now=late) == 2
    assert timers.follow(now=late) == 0
    assert Detection.objects.count() == 2
    assert not review.has_unreviewed()
