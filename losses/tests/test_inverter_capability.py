"""A solar inverter before a bank."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from losses.compensation.inverter_capability import inverter_kvar, inverter_offer, productive_hours

UTC = ZoneInfo("UTC")
AT_S = np.arange(1_772_409_600, 1_772_409_600 + 48 * 3600, 3600)  # 2 and 3 March 2026
HOUR = np.arange(48) % 24


def test_an_hour_of_the_day_with_export_counts_all_month() -> None:
    active = np.where((np.arange(48) < 24) & (HOUR > 9) & (HOUR < 15), -50.0, 100.0)
    assert productive_hours(active, AT_S, UTC).sum() == 10


def test_a_rating_offers_44_per_cent_of_it() -> None:
    # IEEE 1547-2018, category B: 100 kVA supply 44 kvar, at cos φ 0.898 in full output.
    found = inverter_offer(np.full(48, 100.0), np.zeros(48, dtype=bool), 100)
    assert found is not None
    assert (found.kvar, round(found.lowest_power_factor, 3)) == (44, 0.898)


def test_without_a_rating_export_says_at_least_how_large_it_is() -> None:
    found = inverter_offer(np.array([100.0, -80.0]), np.array([False, True]), None)
    assert found is not None
    assert found.kvar == 0
    assert found.at_least_kvar == pytest.approx(35.2)


def test_without_export_or_rating_there_is_no_solar() -> None:
    assert inverter_offer(np.full(48, 100.0), np.zeros(48, dtype=bool), None) is None


def test_it_supplies_what_the_target_lacks_while_it_produces() -> None:
    active, reactive = np.full(3, -100.0), np.array([20.0, 60.0, 200.0])
    produces = np.array([True, True, True])
    assert inverter_kvar(active, reactive, produces, 44.0, 0.95).round(1).tolist() == [0, 27.1, 44]
    assert not inverter_kvar(active, reactive, ~produces, 44.0, 0.95).any()
