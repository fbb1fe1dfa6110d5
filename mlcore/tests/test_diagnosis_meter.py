"""What is wrong with an instrument is told as such and is never a loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mlcore.diagnosis.analysis import Analysis, StepStatus
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.whole_record import analyse, fit
from mlcore.explanations import english
from mlcore.tests.made_fleet import made_fleet, training
from substations.channels import CHANNEL_INDEX

BROKEN = slice(19 * 48, 20 * 48)
Break = Callable[[np.ndarray], None]


def _channel(values: np.ndarray, name: str) -> np.ndarray:
    return np.asarray(values[1, BROKEN, CHANNEL_INDEX[name]])


def _set(values: np.ndarray, name: str, new: np.ndarray | float) -> None:
    values[1, BROKEN, CHANNEL_INDEX[name]] = new


def _frozen_powers(values: np.ndarray) -> None:
    for name in ("active_power_kw", "apparent_power_kva", "reactive_power_kvar"):
        _set(values, name, _channel(values, name)[0])


def _offset_kvar(values: np.ndarray) -> None:
    _set(values, "reactive_power_kvar", _channel(values, "reactive_power_kvar") + 120.0)


def _half_a_phase(values: np.ndarray) -> None:
    _set(values, "current_l2_a", 0.85 * _channel(values, "current_l2_a"))


def _dead_phase(values: np.ndarray) -> None:
    _set(values, "current_l2_a", 0.0)


def _fuse(values: np.ndarray) -> None:
    for name in ("voltage_l12_v", "voltage_l23_v"):
        _set(values, name, 0.8 * _channel(values, name))


def _jumping_oil(values: np.ndarray) -> None:
    values[1, BROKEN.start : BROKEN.stop : 3, CHANNEL_INDEX["oil_temperature_c"]] += 40.0


def _stuck_thd(values: np.ndarray) -> None:
    _set(values, "thd_current_l3_pct", 22.22)


def _wrong_power_factor(values: np.ndarray) -> None:
    _set(values, "power_factor", 0.7)


def _wild(values: np.ndarray) -> None:
    for name in ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v"):
        _set(values, name, 2.2 * _channel(values, name))


def _analysed(damage: Break, *, trained: bool = True) -> Analysis:
    fleet: Fleet = made_fleet()
    values = fleet.values.copy()
    damage(values)
    models = fit(fleet, training(fleet)) if trained else {}
    return analyse(replace(fleet, values=values), models)


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (_frozen_powers, "stuck_value"),
        (_offset_kvar, "broken_triangle"),
        (_half_a_phase, "ct_error"),
        (_dead_phase, "dead_phase"),
        (_fuse, "vt_error"),
        (_jumping_oil, "temperature_sensor"),
        (_stuck_thd, "stuck_value"),
        (_wrong_power_factor, "power_factor_meter"),
        (_wild, "impossible_value"),
    ],
)
def test_a_broken_instrument_is_named_and_no_loss_is_claimed(damage: Break, cause: str) -> None:
    findings = _analysed(damage).findings
    assert cause in {f.cause for f in findings}
    assert {(f.substation, f.kind) for f in findings} == {("T2", "meter")}
    assert all(f.loss_kwh == 0.0 and f.severity == "warning" for f in findings)
    assert all(english(f.code, f.figures).startswith("Check the meter: ") for f in findings)


@pytest.mark.parametrize(
    ("damage", "cause"), [(_frozen_powers, "stuck_value"), (_dead_phase, "dead_phase"), (_fuse, "vt_error")]
)
def test_gross_faults_are_seen_without_any_training(damage: Break, cause: str) -> None:
    findings = _analysed(damage, trained=False).findings
    assert {(f.substation, f.cause) for f in findings} == {("T2", cause)}


def test_a_triangle_that_was_always_broken_gives_no_model_but_a_finding() -> None:
    fleet = made_fleet()
    values = fleet.values.copy()
    values[2, :, CHANNEL_INDEX["active_power_kw"]] *= 0.7
    values[2, :, CHANNEL_INDEX["reactive_power_kvar"]] *= 0.3
    fleet = replace(fleet, values=values)
    models = fit(fleet, training(fleet))
    analysis = analyse(fleet, models)
    assert "T3" not in models
    assert {(f.substation, f.kind, f.cause) for f in analysis.findings} == {("T3", "meter", "broken_triangle")}
    assert "kVA" in english(analysis.findings[0].code, analysis.findings[0].figures)
    assert (analysis.status[2, 10:] == StepStatus.BAD_DATA).all()
    assert analysis.findings[0].end_s is None


def test_the_dead_phase_is_named_in_the_reason() -> None:
    finding = next(f for f in _analysed(_dead_phase).findings if f.cause == "dead_phase")
    assert "phase B (L2)" in english(finding.code, finding.figures)
    assert finding.evidence["measured"]["current_l2_a"] == 0.0


def test_a_coarse_reading_of_a_small_load_is_not_stuck() -> None:
    fleet = made_fleet()
    values = fleet.values.copy()
    powers = [CHANNEL_INDEX[name] for name in ("active_power_kw", "apparent_power_kva", "reactive_power_kvar")]
    values[:, :, powers] = np.round(values[:, :, powers] / 20.0) * 20.0
    assert not [f for f in analyse(replace(fleet, values=values), {}).findings if f.cause == "stuck_value"]


def test_a_load_on_standby_that_stands_still_is_not_stuck() -> None:
    fleet = made_fleet()
    values = fleet.values.copy()
    for name in ("active_power_kw", "apparent_power_kva", "reactive_power_kvar"):
        values[1, BROKEN, CHANNEL_INDEX[name]] = 0.08 * np.nanmean(values[1, :, CHANNEL_INDEX[name]])
    findings = analyse(replace(fleet, values=values), {}).findings
    assert "stuck_value" not in {f.cause for f in findings}


def test_rounding_of_small_powers_is_no_wrong_power_factor() -> None:
    fleet = made_fleet()
    values = fleet.values.copy()
    small = 0.004 * values[1]
    for name in ("active_power_kw", "reactive_power_kvar", "apparent_power_kva"):
        values[1, :, CHANNEL_INDEX[name]] = np.round(small[:, CHANNEL_INDEX[name]], 1)
    plates = (fleet.nameplates[0], replace(fleet.nameplates[1], rated_kva=2.5), *fleet.nameplates[2:])
    findings = analyse(replace(fleet, values=values, nameplates=plates), {}).findings
    assert "power_factor_meter" not in {f.cause for f in findings if f.substation == "T2"}


def test_a_fault_that_comes_back_is_one_finding() -> None:
    def comes_and_goes(values: np.ndarray) -> None:
        for first in range(17 * 48, 24 * 48, 120):
            values[1, first : first + 66, CHANNEL_INDEX["current_l2_a"]] = 0.0

    dead = [f for f in _analysed(comes_and_goes).findings if f.cause == "dead_phase"]
    assert len(dead) == 1
    assert dead[0].evidence["rows_judged"] > 5 * 48


def test_an_oil_sensor_that_jumped_is_no_cooling_failure_while_it_stays_off() -> None:
    def offset(values: np.ndarray) -> None:
        values[1, BROKEN.start : BROKEN.stop, CHANNEL_INDEX["oil_temperature_c"]] += 15.0

    assert "cooling_failure" not in {f.cause for f in _analysed(offset).findings}
