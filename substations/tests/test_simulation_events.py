from __future__ import annotations

import numpy as np
import pytest

from substations.channels import CHANNEL_NAMES
from substations.simulation import HARMLESS_KINDS, LOSS_KINDS, EventRequest, SpecError, simulate
from substations.simulation.spec import SENSOR_FAULT_MODES, SimulationSpec
from substations.tests.simulated import DAY, HOUR, SMALL, automatic, clean, column, with_event


def moved(kind: str, **size: float | str) -> dict[str, float]:
    """Per channel, the median change during the event as a share of the usual (kelvin for the oil, Hz as is)."""
    changed, event = with_event(kind, **size)
    usual = clean()
    code = automatic()
    # The last six hours: banks have switched and the oil has followed.
    inside = (usual.times_s >= event.end_s - 6 * HOUR) & (usual.times_s < event.end_s)
    result = {}
    for channel in CHANNEL_NAMES:
        before, after = (column(s, channel, code)[inside] for s in (usual, changed))
        is_absolute = channel in ("oil_temperature_c", "frequency_hz", "reactive_power_kvar", "power_factor")
        scale = 1.0 if is_absolute else float(np.nanmean(np.abs(before)))
        result[channel] = float(np.nanmedian(after - before)) / scale
    return result


def test_a_capacitor_failure_moves_kvar_and_power_factor_but_not_power() -> None:
    change = moved("capacitor_failure", lost=1.0)
    assert change["reactive_power_kvar"] > 30
    assert change["power_factor"] < -0.03
    assert abs(change["active_power_kw"]) < 0.03
    assert change["voltage_avg_v"] < 0
    assert change["thd_current_l1_pct"] < 0
    assert change["oil_temperature_c"] > 0.5


def test_a_low_pf_motor_moves_power_and_more_kvar() -> None:
    size = {"power_kw": 40.0, "tan_phi": 1.8, "duty": 1.0}
    changed, event = with_event("low_pf_motor", **size)
    first = int(np.searchsorted(changed.times_s, event.start_s))
    power, kvar = (
        column(changed, name, automatic())[first] - column(clean(), name, automatic())[first]
        for name in ("active_power_kw", "reactive_power_kvar")
    )
    assert power == pytest.approx(40, rel=0.15)
    assert moved("low_pf_motor", **size)["current_avg_a"] > 0.03
    assert kvar > 0


def test_an_overload_moves_power_beyond_the_rating_at_the_usual_power_factor() -> None:
    changed, event = with_event("overload", load_pu=1.3)
    inside = (changed.times_s >= event.start_s + HOUR) & (changed.times_s < event.end_s)
    rated = changed.substations[changed.grid.codes.index(automatic())].rated_kva
    assert np.nanmedian(column(changed, "apparent_power_kva", automatic())[inside]) > rated
    change = moved("overload", load_pu=1.3)
    assert change["oil_temperature_c"] > 8
    assert change["thd_current_l1_pct"] < 0
    assert change["voltage_avg_v"] < 0


def test_a_phase_imbalance_moves_one_current_up_and_the_others_down_with_the_same_sum() -> None:
    change = moved("phase_imbalance", deviation=0.5, phase=2)
    assert change["current_l2_a"] > 0.4
    assert change["current_l1_a"] < -0.15
    assert change["current_l3_a"] < -0.15
    assert abs(change["current_avg_a"]) < 0.02
    assert abs(change["active_power_kw"]) < 0.02
    assert abs(change["reactive_power_kvar"]) < 8


def test_a_harmonic_injection_moves_distortion_and_apparent_power_alone() -> None:
    change = moved("harmonic_injection", thd=0.3)
    for phase in (1, 2, 3):
        assert change[f"thd_current_l{phase}_pct"] > 1
    assert change["thd_voltage_l12_pct"] > 0.3
    assert change["apparent_power_kva"] > 0.01
    assert change["power_factor"] < -0.01
    assert abs(change["active_power_kw"]) < 0.003
    assert abs(change["reactive_power_kvar"]) < 1


def test_a_wrong_tap_moves_the_voltage_of_this_substation_alone() -> None:
    assert moved("tap_voltage", steps=2)["voltage_avg_v"] == pytest.approx(0.05, abs=0.015)
    assert moved("tap_voltage", steps=-2)["voltage_avg_v"] == pytest.approx(-0.05, abs=0.015)
    changed, _ = with_event("tap_voltage", steps=2)
    others = [i for i, code in enumerate(changed.grid.codes) if code != automatic()]
    shift = column(changed, "voltage_avg_v")[others] - column(clean(), "voltage_avg_v")[others]
    assert np.nanmax(np.abs(shift)) < 3


def test_a_cooling_failure_moves_the_oil_alone() -> None:
    change = moved("cooling_failure", factor=2.0)
    assert change.pop("oil_temperature_c") > 8
    assert max(map(abs, change.values())) < 1e-9


def test_an_outage_takes_all_currents_at_once_and_leaves_the_voltage_unless_dead() -> None:
    changed, event = with_event("maintenance_outage", mode="breaker")
    inside = (changed.times_s >= event.start_s) & (changed.times_s < event.end_s)
    for channel in ("active_power_kw", "current_l1_a", "thd_current_l1_pct", "power_factor"):
        assert np.nanmax(np.abs(column(changed, channel, automatic())[inside])) == 0
    assert np.nanmin(column(changed, "voltage_l12_v", automatic())[inside]) > 400
    dead, _ = with_event("maintenance_outage", mode="dead")
    assert np.nanmax(column(dead, "voltage_l12_v", automatic())[inside]) == 0


def test_a_data_gap_takes_the_rows_and_nothing_else() -> None:
    changed, event = with_event("data_gap")
    inside = (changed.times_s >= event.start_s) & (changed.times_s < event.end_s)
    i = changed.grid.codes.index(automatic())
    assert np.isnan(changed.values[i, inside]).all()
    np.testing.assert_array_equal(changed.values[i, ~inside], clean().values[i, ~inside])


@pytest.mark.parametrize("mode", SENSOR_FAULT_MODES)
def test_a_sensor_fault_moves_the_channels_of_one_sensor(mode: str) -> None:
    changed, _ = with_event("sensor_fault", mode=mode, phase=2, amount=0.5)
    i = changed.grid.codes.index(automatic())
    differs = np.any((changed.values != clean().values) & ~np.isnan(clean().values), axis=1)
    expected = {
        "ct_drift": {"current_l2_a", "current_avg_a"},
        "ct_stuck": {"current_l2_a", "current_avg_a"},
        "vt_low": {"voltage_l12_v", "voltage_l23_v", "voltage_avg_v"},
        "power_register": {"active_power_kw"},
        "thd_stuck_high": {"thd_current_l2_pct"},
        "frozen": set(CHANNEL_NAMES),
    }.get(mode, {"oil_temperature_c"})
    assert {name for name, flag in zip(CHANNEL_NAMES, differs[i], strict=True) if flag} == expected
    assert not np.delete(differs, i, axis=0).any()


def test_a_frozen_meter_shows_its_last_good_reading_across_midnight() -> None:
    start = SMALL.start_s + DAY - 2 * HOUR
    event = EventRequest("sensor_fault", automatic(), start, start + 5 * HOUR, 0.0, {"mode": "frozen"})
    values = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__} | {"events": (event,)}
    power = column(simulate(SimulationSpec(**values)), "active_power_kw", automatic())
    first = int(np.searchsorted(clean().times_s, start))
    shown = power[first - 1 : first + 20]
    assert len(np.unique(shown[~np.isnan(shown)])) == 1


def test_a_holiday_and_a_cold_day_move_all_substations_and_growth_one() -> None:
    is_factory = np.array([plate.load_shape == "industrial" for plate in clean().substations])
    for kind, size in (("holiday", {}), ("cold_day", {"load": 0.1})):
        changed, event = with_event(kind, **size)
        inside = (changed.times_s >= event.start_s + 4 * HOUR) & (changed.times_s < event.end_s)
        ratio = column(changed, "active_power_kw")[:, inside] / column(clean(), "active_power_kw")[:, inside]
        change = np.nanmedian(ratio, axis=1) - 1
        assert (np.abs(change) > 0.01).all(), kind
        assert (change[is_factory] < -0.3).all() if kind == "holiday" else (change > 0.05).all()
    assert moved("load_growth", load=0.1)["active_power_kw"] == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("kind", LOSS_KINDS)
def test_every_kind_of_loss_is_labelled_with_a_positive_loss(kind: str) -> None:
    size: dict[str, float] = {"load_pu": 1.2} if kind == "overload" else {}
    label = with_event(kind, **size)[0].events[0]
    assert label.extra_loss_kwh > 0
    assert label.is_loss != label.dont_care
    assert label.severity == ("critical" if label.extra_loss_pct >= 15 else "warning") * label.is_loss


@pytest.mark.parametrize("kind", HARMLESS_KINDS)
def test_what_is_no_loss_is_labelled_so(kind: str) -> None:
    label = with_event(kind)[0].events[0]
    assert not label.is_loss
    assert label.severity == ""
    if kind in ("sensor_fault", "data_gap"):
        assert label.extra_loss_kwh == 0


def test_the_label_is_the_difference_of_two_whole_runs() -> None:
    changed, event = with_event("capacitor_failure", lost=1.0)
    label = changed.events[0]
    inside = (changed.times_s >= event.start_s) & (changed.times_s < event.end_s)
    own = changed.grid.codes.index(event.substation)
    difference = (
        changed.losses.transformer[inside, own].sum()
        - clean().losses.transformer[inside, own].sum()
        + changed.losses.feeder[inside].sum()
        - clean().losses.feeder[inside].sum()
    ) / 4
    assert label.extra_loss_kwh == pytest.approx(difference, rel=1e-9)


def test_nothing_changes_before_the_event() -> None:
    changed, event = with_event("overload", load_pu=1.2)
    before = changed.times_s < event.start_s
    np.testing.assert_array_equal(changed.values[:, before], clean().values[:, before])


def test_an_event_on_an_unknown_substation_is_refused() -> None:
    event = EventRequest("overload", "SS-99", SMALL.start_s, SMALL.start_s + HOUR)
    with pytest.raises(SpecError, match=r"SS-99.*SS-01"):
        simulate(SimulationSpec(substations=2, days=1, events=(event,)))
