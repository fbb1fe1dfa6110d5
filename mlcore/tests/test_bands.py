"""What is drawn around each quantity: its readings, what was expected, and how far an hour may be from that."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.explanations.loss_sentences import UNITS

from .judged_fleet import CHANGED, FIRST_H, LAST_H, judged

READINGS = {
    "reactive_power_kvar": "reactive_power_kvar",
    "active_power_kw": "active_power_kw",
    "oil_temperature_c": "oil_temperature_c",
    "voltage_v": "voltage_l12_v",
}


def test_every_band_has_the_unit_of_its_name() -> None:
    bands = judged().bands
    assert {name: band.unit for name, band in bands.items()} == UNITS | {"power_factor": ""}


@pytest.mark.parametrize("name", sorted(UNITS))
def test_the_expectation_lies_within_its_band(name: str) -> None:
    band = judged().bands[name]
    known = np.isfinite(band.expected) & np.isfinite(band.low) & np.isfinite(band.high)
    assert known.mean() > 0.9
    assert (band.low[known] <= band.expected[known] + 1e-9).all()
    assert (band.expected[known] <= band.high[known] + 1e-9).all()


@pytest.mark.parametrize(("name", "channel"), sorted(READINGS.items()))
def test_what_was_measured_is_in_the_unit_of_the_readings(name: str, channel: str) -> None:
    found = judged()
    np.testing.assert_allclose(found.bands[name].measured, found.fleet.channel(channel), rtol=0.01)


@pytest.mark.parametrize("name", sorted(UNITS))
def test_calm_readings_stay_inside_nearly_always(name: str) -> None:
    band = judged().bands[name]
    known = np.isfinite(band.measured) & np.isfinite(band.low)
    outside = (band.measured < band.low) | (band.measured > band.high)
    assert outside[known].mean() < 0.03


def test_a_lost_bank_leaves_the_band_of_kvar_and_of_the_power_factor() -> None:
    found = judged(is_changed=True)
    hours = (found.fleet.at_s - found.fleet.at_s[0]) / 3600.0
    lost = (hours >= FIRST_H) & (hours < LAST_H)
    kvar, factor = (found.bands[name] for name in ("reactive_power_kvar", "power_factor"))
    assert (kvar.measured > kvar.high)[CHANGED, lost].mean() > 0.9
    assert (factor.measured < factor.low)[CHANGED, lost].mean() > 0.9


def test_the_power_factor_may_reach_one_where_the_kvar_may_change_their_sign() -> None:
    bands = judged().bands
    kvar, factor = bands["reactive_power_kvar"], bands["power_factor"]
    crossing = (kvar.low < 0) & (kvar.high > 0)
    assert crossing.any()
    np.testing.assert_array_equal(factor.high[crossing], 1.0)
    assert (factor.high[np.isfinite(factor.high)] <= 1.0).all()


def test_an_imbalance_is_never_below_nothing() -> None:
    assert np.nanmin(judged().bands["imbalance_pct"].low) >= 0.0


def test_a_band_from_a_step_on_is_the_end_of_the_band() -> None:
    band = judged().bands["voltage_v"]
    np.testing.assert_array_equal(band.since(100).high, band.high[:, 100:])
