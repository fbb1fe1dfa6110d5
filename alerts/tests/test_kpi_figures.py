"""The figures of alarms: small periods by hand, and what must hold for any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import kpi_figures
from alerts.kpi_figures import ALARM, ANNOUNCED_AGAIN, DAY_S, FLEETING, HELD, RAISED, REOPENED, Alarms, figures

MINUTE = 60
NAN = float("nan")


def alarms(*rows: dict[str, Any]) -> Alarms:
    known = {
        "at_s": 0, "alert": 1, "substation": 1, "interval_s": 60, "kind": 0, "cause": 1,
        "severity": 10, "step": RAISED, "acknowledged_after_s": NAN, "closed_after_s": NAN, "active_for_s": NAN,
        "is_false": 0,
    }  # fmt: skip
    return np.array([tuple((known | row).values()) for row in rows], dtype=ALARM)


def every(*at_s: int, **values: Any) -> Alarms:
    """One alarm a time, each of another substation."""
    return alarms(*({"at_s": at, "substation": number, "alert": number} | values for number, at in enumerate(at_s)))


def test_a_period_without_alarms_has_nothing_to_divide_by() -> None:
    found = figures(alarms(), 0, 30 * DAY_S)
    assert (found.count, found.per_day, found.flood_share, found.peak_10_minutes) == (0, 0, 0, 0)
    assert (found.critical_share, found.nuisance_share, found.worst_fifth_share, found.close.p50_s) == (None,) * 4
    assert found.bad_actors == ()


def test_a_period_without_a_length_is_refused() -> None:
    with pytest.raises(ValueError, match="received 10 to 10"):
        figures(alarms(), 10, 10)


def test_rates_count_what_was_announced() -> None:
    found = figures(every(0, 1, 700, DAY_S, step=RAISED), 0, 2 * DAY_S)
    assert (found.count, found.per_day, found.peak_day) == (4, 2.0, 3)
    assert (found.per_10_minutes, found.peak_10_minutes) == (4 / 288, 2)
    for step, count in ((ANNOUNCED_AGAIN, 1), (REOPENED, 1), (HELD, 0), (FLEETING, 0)):
        assert figures(every(0, step=step), 0, DAY_S).count == count


def test_the_end_of_a_period_is_not_in_it() -> None:
    assert figures(every(-1, 0, 9, 10), 0, 10).count == 2


@pytest.mark.parametrize(
    ("buckets", "inside", "floods"),
    [
        ([11], [True], 1),
        ([10], [False], 0),
        ([11, 5, 4], [True, True, False], 1),
        ([11, 10, 5, 11], [True, True, True, True], 1),
        ([11, 4, 11], [True, False, True], 2),
        ([9, 9, 9], [False] * 3, 0),
        ([0, 11, 6, 0], [False, True, True, False], 1),
    ],
)
def test_a_flood_begins_above_ten_and_ends_below_five(buckets: list[int], inside: list[bool], floods: int) -> None:
    occupied = np.flatnonzero(buckets)
    assert kpi_figures.flooded(occupied, np.array(buckets)[occupied]) == (sum(inside), floods)


def test_three_comings_of_one_key_within_half_an_hour_chatter() -> None:
    def of(*minutes: int, **values: Any) -> int:
        return figures(alarms(*({"at_s": MINUTE * at} | values for at in minutes)), 0, DAY_S).chattering

    assert of(0, 10, 30) == 1
    assert of(0, 10, 31) == 0
    assert of(0, 10, 31, interval_s=900) == 1  # ten readings are two and a half hours
    assert of(0, 10, 30, step=HELD) == 1
    assert of(0, 10, 30, step=FLEETING) == 0
    two = alarms({"at_s": 0}, {"at_s": 60}, {"at_s": 120, "kind": 1})
    assert figures(two, 0, DAY_S).chattering == 0


@pytest.mark.parametrize(
    ("row", "stale"),
    [
        ({"active_for_s": DAY_S + 1}, 1),
        ({"active_for_s": DAY_S}, 0),
        ({}, 1),
        ({"closed_after_s": 3600}, 0),
        ({"at_s": 2 * DAY_S}, 0),
        ({"step": ANNOUNCED_AGAIN}, 0),
    ],
)
def test_what_is_active_for_more_than_a_day_is_stale(row: dict[str, Any], stale: int) -> None:
    assert figures(alarms(row), 0, 2 * DAY_S + 60).stale == stale


def test_bad_actors_are_sources_by_their_number_and_the_worst_fifth_is_counted() -> None:
    rows = [{"substation": number} for number in range(4)] + [{"substation": 9, "cause": 7}] * 6
    found = figures(alarms(*rows), 0, DAY_S)
    first = found.bad_actors[0]
    assert (first.substation, first.cause, first.count, first.cumulative) == (9, 7, 6, 0.6)
    assert found.worst_fifth_share == 0.6
    assert [round(each.cumulative, 1) for each in found.bad_actors] == [0.6, 0.7, 0.8, 0.9, 1.0]


def test_times_are_medians_and_ninety_fifth_percentiles_of_those_that_happened() -> None:
    rows = [{"acknowledged_after_s": float(each), "severity": 20} for each in range(101)]
    found = figures(alarms(*rows, {"severity": 20}, {"acknowledged_after_s": 7.0}), 0, DAY_S)
    assert found.acknowledge_critical == kpi_figures.Percentiles(101, 50.0, 95.0)
    assert found.acknowledge_warning == kpi_figures.Percentiles(1, 7.0, 7.0)
    assert found.close.count == 0


def test_a_nuisance_chatters_or_was_false_and_counts_once() -> None:
    rows = [{"at_s": at, "is_false": 1} for at in (0, 60, 120)] + [{"at_s": 5000, "substation": at} for at in range(3)]
    assert figures(alarms(*rows), 0, DAY_S).nuisance_share == 0.5


def test_reopened_ones_are_told_against_those_that_were_raised() -> None:
    found = figures(alarms({}, {}, {}, {}, {"step": REOPENED, "at_s": 9000}), 0, DAY_S)
    assert (found.raised, found.reopen_share) == (4, 0.25)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "at_s": st.integers(0, 3 * DAY_S),
            "substation": st.integers(1, 3),
            "interval_s": st.sampled_from([60, 900]),
            "kind": st.sampled_from([0, 1]),
            "severity": st.sampled_from([10, 20]),
            "step": st.sampled_from([RAISED, ANNOUNCED_AGAIN, REOPENED, HELD, FLEETING]),
            "active_for_s": st.sampled_from([NAN, 60.0, 2.0 * DAY_S]),
            "closed_after_s": st.sampled_from([NAN, 600.0, 3.0 * DAY_S]),
            "acknowledged_after_s": st.sampled_from([NAN, 30.0]),
            "is_false": st.integers(0, 1),
        }
    ),
    max_size=60,
)


def test_of_two_at_the_same_time_the_order_does_not_say_which_chatters() -> None:
    rows: list[dict[str, Any]] = [{"at_s": at} for at in (0, 0, 0, 1801, 1801)] + [{"at_s": 0, "is_false": 1}]
    shares = {figures(alarms(*order), 0, DAY_S).nuisance_share for order in (rows, rows[::-1])}
    assert len(shares) == 1


@given(rows=ROWS, data=st.data())
def test_the_order_of_the_rows_says_nothing(rows: list[dict[str, Any]], data: Any) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert figures(alarms(*rows), 0, 3 * DAY_S + 1) == figures(alarms(*shuffled), 0, 3 * DAY_S + 1)


@given(rows=ROWS)
def test_what_holds_for_any_alarms(rows: list[dict[str, Any]]) -> None:
    found = figures(alarms(*rows), 0, 3 * DAY_S + 1)
    assert found.count == sum(row["step"] <= REOPENED for row in rows)
    assert found.fleeting == sum(row["step"] == FLEETING for row in rows)
    assert sum(each.count for each in found.bad_actors) == found.count
    for part in (found.flood_share, found.critical_share, found.nuisance_share, found.worst_fifth_share):
        assert part is None or 0 <= part <= 1 + 1e-9
    assert found.peak_10_minutes <= found.peak_day <= found.count
    assert found.stale <= found.raised <= found.count


@given(rows=ROWS)
def test_chattering_is_what_a_slow_look_at_every_three_finds(rows: list[dict[str, Any]]) -> None:
    found = np.sort(alarms(*rows), order="at_s")
    expected = np.zeros(len(found), dtype=bool)
    for key in {(row["substation"], row["kind"]) for row in found}:
        mine = [
            at for at, row in enumerate(found)
            if (row["substation"], row["kind"]) == key and row["step"] != FLEETING
        ]  # fmt: skip
        for first, second, third in zip(mine, mine[1:], mine[2:], strict=False):
            within = max(1800, 10 * int(found["interval_s"][third]))
            if found["at_s"][third] - found["at_s"][first] <= within:
                expected[[first, second, third]] = True
    assert int(kpi_figures.chattering(found).sum()) == int(expected.sum())
