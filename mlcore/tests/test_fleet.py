"""The input of the diagnosis: a regular grid of time, its local clock, and who is whose neighbour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis.fleet import beside

from .small_fleet import MONDAY_S, PLATE, empty_fleet, small_fleet

HOUR = 3600


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"values": np.zeros((2, 5, 3))}, r"shape \[substation, time, channel\]"),
        ({"nameplates": (PLATE,)}, "One nameplate per substation is needed; received 1 for 2"),
        ({"interval_s": 0}, "between 1 and 86400 seconds; received 0"),
        ({"interval_s": 86_401}, "received 86401"),
        ({"interval_s": 1800}, "rise by 1800 s at every step; received a step of 3600 s"),
    ],
)
def test_a_fleet_that_does_not_fit_together_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(empty_fleet(2, 5), **changes)


def test_a_channel_is_found_by_its_name() -> None:
    fleet = small_fleet({"active_power_kw": [[1.0, 2.0]], "voltage_avg_v": [[400.0, 401.0]]})
    np.testing.assert_array_equal(fleet.channel("voltage_avg_v"), [[400.0, 401.0]])
    np.testing.assert_array_equal(fleet.channels("voltage_avg_v", "active_power_kw")[0], [[400.0, 1.0], [401.0, 2.0]])


def test_the_local_clock_tells_hour_and_weekend() -> None:
    """Friday, 23:00 UTC is Saturday, 00:00 one hour further east."""
    friday_23 = MONDAY_S + 4 * 86_400 + 23 * HOUR
    fleet = empty_fleet(1, 2, start_s=friday_23)
    np.testing.assert_array_equal(fleet.hour, [23.0, 0.0])
    np.testing.assert_array_equal(fleet.weekend, [False, True])
    east = replace(fleet, utc_offset_s=HOUR)
    np.testing.assert_array_equal(east.hour, [0.0, 1.0])
    np.testing.assert_array_equal(east.weekend, [True, True])


def test_the_offset_may_change_along_the_record() -> None:
    fleet = empty_fleet(1, 3, utc_offset_s=np.array([HOUR, HOUR, 2 * HOUR]))
    np.testing.assert_array_equal(fleet.hour, [1.0, 2.0, 4.0])
    np.testing.assert_array_equal(fleet.since(MONDAY_S + 2 * HOUR).hour, [4.0])
    np.testing.assert_array_equal(fleet.until(2).hour, [1.0, 2.0])


@pytest.mark.parametrize(("hours", "steps"), [(0.1, 1), (0.5, 2), (1.0, 4), (24.0, 96), (0.0, 1)])
def test_a_duration_has_at_least_one_step(hours: float, steps: int) -> None:
    assert empty_fleet(1, 2, interval_s=900).steps(hours) == steps


def test_a_record_cut_in_two_and_joined_is_the_record() -> None:
    fleet = small_fleet({"active_power_kw": np.arange(12.0).reshape(2, 6)})
    joined = fleet.until(4).followed_by(fleet.since(int(fleet.at_s[4])))
    np.testing.assert_array_equal(joined.at_s, fleet.at_s)
    np.testing.assert_array_equal(joined.values, fleet.values)
    np.testing.assert_array_equal(joined.hour, fleet.hour)


def test_some_of_the_substations_in_the_order_asked_for() -> None:
    fleet = small_fleet({"active_power_kw": [[1.0], [2.0], [3.0]]})
    part = fleet.only(["C", "A"])
    assert part.codes == ("C", "A")
    np.testing.assert_array_equal(part.channel("active_power_kw"), [[3.0], [1.0]])
    np.testing.assert_array_equal(part.group_size, [[2], [2]])


def test_everybody_is_a_neighbour_unless_groups_say_otherwise() -> None:
    np.testing.assert_array_equal(empty_fleet(3, 2).group_size, [[3], [3], [3]])
    grouped = empty_fleet(3, 2, groups=np.array([0, 1, 0]))
    np.testing.assert_array_equal(grouped.group_size, [[2], [1], [2]])


def test_fleets_beside_each_other_keep_their_own_neighbours() -> None:
    pair, single = empty_fleet(2, 4), empty_fleet(1, 4)
    whole = beside([pair, single])
    assert whole.codes == ("A", "B", "A")
    assert whole.groups is not None
    np.testing.assert_array_equal(whole.groups, [0, 0, 1])
    np.testing.assert_array_equal(whole.group_size, [[2], [2], [1]])


def test_fleets_of_different_grids_cannot_stand_beside_each_other() -> None:
    with pytest.raises(ValueError, match="do not lie on one time grid"):
        beside([empty_fleet(1, 4), empty_fleet(1, 5)])
