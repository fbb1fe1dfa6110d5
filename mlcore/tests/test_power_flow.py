"""Where a transformer works and what it loses, worked out by hand for one of 500 kVA, 1 kW no-load, 5 kW load loss."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from mlcore.diagnosis.data_quality_flags import QualityFlags
from mlcore.diagnosis.history import WHOLE_RECORD
from mlcore.diagnosis.power_flow import HOLD_HOURS, MAGNETISING_SHARE, OperatingPoint, current_square_ratio, power_flow
from mlcore.diagnosis.signals import measure
from substations.electrical.topology import Segment

from .small_fleet import small_fleet

STEPS = 6
R_OHM, HV_V = 2.0, 10_000.0


def flags(shape: tuple[int, int], **marked: bool) -> QualityFlags:
    return QualityFlags(**{field.name: np.full(shape, marked.get(field.name, False)) for field in fields(QualityFlags)})


def worked_out(segments: tuple[Segment, ...] = (), *, bad: tuple[str, ...] = (), **channels: Any) -> OperatingPoint:
    """P and Q in kW and kvar [substation] or [substation, time]; 400 V unless said otherwise."""
    tables = {name: np.asarray(values, dtype=float) for name, values in channels.items()}
    tables = {
        name: values if values.ndim > 1 else np.repeat(values[:, None], STEPS, 1) for name, values in tables.items()
    }
    tables.setdefault("voltage_avg_v", np.full_like(tables["active_power_kw"], 400.0))
    fleet = small_fleet(tables, segments=segments)
    signals = measure(fleet)
    marked = flags(signals.active.shape, **dict.fromkeys(bad, True))
    return power_flow(fleet, signals, signals.reactive, marked, WHOLE_RECORD)


def test_loading_is_apparent_power_over_rating_and_voltage() -> None:
    point = worked_out(active_power_kw=[300.0], reactive_power_kvar=[400.0], voltage_avg_v=[360.0])
    assert point.loading_squared[0, 0] == pytest.approx(1.0 / 0.9**2)


def test_rated_kvar_drop_the_impedance_and_that_of_the_line() -> None:
    """4 % of the transformer, and 500 kvar through 2 Ω at 10 kV: 1 %."""
    line = Segment(None, "A", R_OHM, 2.0, 1.0, closed=True)
    plain = worked_out(active_power_kw=[100.0], reactive_power_kvar=[100.0])
    wired = worked_out((line,), active_power_kw=[100.0], reactive_power_kvar=[100.0])
    assert plain.drop_of_own_kvar[0, 0] == pytest.approx(500.0 * plain.surface.reactance_per_kva[0, 0])
    assert wired.drop_of_own_kvar[0, 0] - plain.drop_of_own_kvar[0, 0] == pytest.approx(500e3 * 2.0 / HV_V**2)


def test_the_core_loses_with_the_voltage_and_the_windings_with_the_load() -> None:
    idle = worked_out(active_power_kw=[0.0], reactive_power_kvar=[0.0])
    assert idle.no_load_kw[0, 0] == pytest.approx(1.0)
    assert idle.load_kw[0, 0] == pytest.approx(0.0)
    high = worked_out(active_power_kw=[0.0], reactive_power_kvar=[0.0], voltage_avg_v=[440.0])
    assert high.no_load_kw[0, 0] == pytest.approx(1.1**2.5)


def test_twice_the_load_loses_four_times_as_much_at_the_same_temperature() -> None:
    half, full = (
        worked_out(active_power_kw=[kw], reactive_power_kvar=[0.0], oil_temperature_c=[oil])
        for kw, oil in ((250.0, 68.4025), (500.0, 55.0))  # winding at 75 °C: 55 + 20, and 68.4 + 20·0.5^1.6
    )
    assert half.winding_c[0, 0] == pytest.approx(75.0, abs=0.01)
    assert full.winding_c[0, 0] == pytest.approx(75.0, abs=0.01)
    assert full.load_kw[0, 0] == pytest.approx(5.0, rel=1e-3)
    assert half.load_kw[0, 0] == pytest.approx(1.25, rel=1e-3)


def test_without_a_known_way_to_the_supply_the_local_loss_is_the_transformer_alone() -> None:
    point = worked_out(active_power_kw=[400.0], reactive_power_kvar=[0.0])
    assert not point.has_feeder.any()
    np.testing.assert_allclose(point.local_kw, point.no_load_kw + point.load_kw)
    assert (point.voltage_drop == 0.0).all()


def test_a_feeder_drops_voltage_by_the_flow_through_its_resistance() -> None:
    """The flow is on the high-voltage side: load, the transformer's losses, and the segment's own."""
    point = worked_out((Segment(None, "A", R_OHM, 0.0),), active_power_kw=[400.0], reactive_power_kvar=[0.0])
    per_unit = 400.0 / 500.0
    flow_kw = 400.0 + 1.0 + 5.0 * per_unit**2
    flow_kvar = 0.04 * per_unit**2 * 500.0 + MAGNETISING_SHARE * 500.0
    flow_kw += R_OHM * (flow_kw**2 + flow_kvar**2) * 1000.0 / HV_V**2
    assert point.has_feeder.all()
    assert point.voltage_drop[0, 0] == pytest.approx(R_OHM * flow_kw * 1000.0 / HV_V**2)


def test_who_lies_behind_another_has_the_drop_of_both_segments() -> None:
    chain = (Segment(None, "A", R_OHM, 0.0), Segment("A", "B", R_OHM, 0.0))
    point = worked_out(chain, active_power_kw=[100.0, 200.0], reactive_power_kvar=[0.0, 0.0])
    near, far = point.voltage_drop[:, 0]
    first, second = near, far - near  # the first segment carries both, the second the far one alone
    assert first / second == pytest.approx(300.0 / 200.0, rel=0.02)


def test_an_open_link_carries_nothing() -> None:
    point = worked_out(
        (Segment(None, "A", R_OHM, 0.0, closed=False),), active_power_kw=[400.0], reactive_power_kvar=[0.0]
    )
    assert not point.has_feeder.any()


def test_a_neighbour_that_falls_silent_counts_with_its_last_load_for_some_hours() -> None:
    chain = (Segment(None, "A", R_OHM, 0.0), Segment("A", "B", R_OHM, 0.0))
    length = int(HOLD_HOURS) + 4
    silent = np.full((2, length), 200.0)
    silent[1, 2:] = np.nan
    drop = worked_out(chain, active_power_kw=silent, reactive_power_kvar=np.zeros((2, length))).voltage_drop[0]
    held = 1 + int(HOLD_HOURS)
    np.testing.assert_allclose(drop[: held + 1], drop[0])
    assert drop[held + 1] < 0.7 * drop[0]


def test_a_voltage_that_is_not_believed_counts_as_nominal() -> None:
    for channels in ({"voltage_avg_v": [50.0]}, {"voltage_avg_v": [300.0], "bad": ("power",)}):
        point = worked_out(active_power_kw=[400.0], reactive_power_kvar=[0.0], **channels)
        assert (point.voltage == 1.0).all()


def test_oil_that_nobody_measures_is_worked_out_from_the_load() -> None:
    """Steady: 20 °C and the rise; idle, the core alone warms the oil."""
    loaded, idle = (worked_out(active_power_kw=[kw], reactive_power_kvar=[0.0]) for kw in (500.0, 0.0))
    assert loaded.rise_k[0, -1] > idle.rise_k[0, -1] > 0.0
    assert idle.winding_c[0, -1] == pytest.approx(20.0 + idle.rise_k[0, -1])
    assert loaded.winding_c[0, -1] == pytest.approx(20.0 + loaded.rise_k[0, -1] + 20.0)


def test_an_oil_sensor_that_is_not_believed_is_left_aside() -> None:
    measured = worked_out(active_power_kw=[500.0], reactive_power_kvar=[0.0], oil_temperature_c=[40.0])
    doubted = worked_out(active_power_kw=[500.0], reactive_power_kvar=[0.0], oil_temperature_c=[40.0], bad=("oil",))
    assert measured.winding_c[0, 0] == pytest.approx(60.0)
    assert doubted.winding_c[0, 0] != pytest.approx(60.0)


def test_distortion_adds_to_the_load_loss_what_the_standard_says() -> None:
    thd: dict[str, Any] = {f"thd_current_l{phase}_pct": [20.0] for phase in (1, 2, 3)}
    channels: dict[str, Any] = {"active_power_kw": [400.0], "reactive_power_kvar": [0.0], "oil_temperature_c": [55.0]}
    plain, distorted = worked_out(**channels), worked_out(**channels, **thd)
    ratio = (235.0 + plain.winding_c[0, 0]) / (235.0 + 75.0)
    grown = 0.9 * (1 + 0.2**2) * ratio + 0.1 * (1 + 47.0 * 0.2**2) / ratio
    assert distorted.load_kw[0, 0] / plain.load_kw[0, 0] == pytest.approx(grown / (0.9 * ratio + 0.1 / ratio))


@pytest.mark.parametrize(("shares", "expected"), [((1.0, 1.0, 1.0), 1.0), ((1.5, 1.0, 0.5), (2.25 + 1 + 0.25) / 3)])
def test_the_square_of_the_phase_currents_grows_with_their_imbalance(
    shares: tuple[float, ...], expected: float
) -> None:
    balanced_a = 400.0 * 1000.0 / (np.sqrt(3.0) * 400.0)
    currents = {f"current_l{phase}_a": [[balanced_a * share]] for phase, share in enumerate(shares, 1)}
    powers = {"active_power_kw": [[400.0]], "reactive_power_kvar": [[0.0]], "voltage_avg_v": [[400.0]]}
    fleet = small_fleet(powers | currents)
    signals = measure(fleet)
    point = power_flow(fleet, signals, signals.reactive, flags((1, 1)), WHOLE_RECORD)
    assert current_square_ratio(signals, point)[0, 0] == pytest.approx(expected)
