"""What is said of each instrument, with the figures that are known and without those that are not."""

from __future__ import annotations

import pytest

from mlcore.explanations.meter_sentences import METER_SENTENCES, meter_sentence
from mlcore.explanations.wording import PLAIN, Figures

POWERS = {"active_power_kw": 300.0, "reactive_power_kvar": 400.0, "apparent_power_kva": 700.0}


def said(flag: str, figures: Figures) -> str:
    return meter_sentence(flag, figures, PLAIN)


@pytest.mark.parametrize("flag", sorted(METER_SENTENCES))
def test_each_begins_alike_and_says_what_to_look_for_without_a_figure(flag: str) -> None:
    sentence = said(flag, {})
    assert sentence.startswith("Check the meter: ")
    assert "None" not in sentence
    assert "nan" not in sentence


def test_a_broken_triangle_says_what_p_and_q_give_against_what_s_reads() -> None:
    assert "P 300 kW and Q 400 kvar give 500 kVA, but S reads 700 kVA." in said("broken_triangle", POWERS)
    assert "P, Q and S do not belong to one load." in said("broken_triangle", POWERS | {"apparent_power_kva": None})


@pytest.mark.parametrize(("ratio", "fits"), [(1.0, True), (1.04, True), (1.06, False), (0.9, False), (None, False)])
def test_where_s_fits_voltage_and_current_p_and_q_are_wrong(ratio: float | None, fits: bool) -> None:
    sentence = said("broken_triangle", POWERS | {"current_ratio": ratio})
    assert ("so P and Q are wrong" in sentence) is fits


def test_a_reversed_transformer_leaves_a_third_of_s() -> None:
    sentence = said("reversed_ct", {"active_power_kw": 100.0, "apparent_power_kva": 300.0})
    assert "P 100 kW against S 300 kVA: about a third of √3·U·I is left" in sentence


def test_the_reactive_channel_is_set_against_what_s_and_p_leave() -> None:
    sentence = said("reactive_meter", {"reactive_power_kvar": 20.0, "reactive_from_apparent_kvar": 150.0})
    assert "Q reads 20 kvar, but S and P leave 150 kvar." in sentence
    assert "it is taken from S and P meanwhile" in sentence


def test_the_power_factor_is_set_against_p_over_s() -> None:
    figures = {"power_factor": 0.95, "active_power_kw": -240.0, "apparent_power_kva": 300.0}
    assert "reads 0.950, but P -240 kW over S 300 kVA is 0.800" in said("power_factor_meter", figures)
    assert "is not what P over S gives" in said("power_factor_meter", figures | {"apparent_power_kva": 0.0})


@pytest.mark.parametrize(
    ("number", "phase"), [(1.0, "A (L1)"), (2.0, "B (L2)"), (3.0, "C (L3)"), (9.0, "C (L3)"), (None, "A (L1)")]
)
def test_the_dead_phase_is_named(number: float | None, phase: str) -> None:
    figures = {"dead_phase_number": number, "dead_share_pct": 97.0, "current_l2_a": 0.0}
    sentence = said("dead_phase", figures)
    assert f"phase {phase} carries no current in 97 % of the rows while others do (B (L2) 0 A)." in sentence


def test_voltages_that_are_apart_are_listed_line_by_line() -> None:
    sentence = said("vt_error", {"voltage_l12_v": 400.0, "voltage_l31_v": 230.0})
    assert "too far apart (A-B (L1-L2) 400 V, C-A (L3-L1) 230 V)." in sentence


@pytest.mark.parametrize(
    ("figures", "still"),
    [
        ({"active_power_kw": 5.0, "apparent_power_kva": 6.0}, "P stands still at 5 kW (S 6 kVA)."),
        ({"active_power_kw": 5.0}, "P stands still at 5 kW."),
        ({"apparent_power_kva": 6.0}, "S stands still at 6 kVA."),
        ({}, "the power stands still."),
    ],
)
def test_what_stands_still_is_named_as_far_as_it_is_known(figures: Figures, still: str) -> None:
    assert still in said("stuck_value", figures)


@pytest.mark.parametrize(
    ("figures", "shown"),
    [
        (POWERS, " (S 700 kVA)."),
        ({"active_power_kw": 300.0}, " (P 300 kW)."),
        ({"voltage_pu": 1.8, "oil_temperature_c": 300.0}, " (voltage 180 % of nominal, oil 300 °C)."),
        ({}, "can't have."),
    ],
)
def test_of_impossible_values_the_power_that_says_it_and_what_else_is_known(figures: Figures, shown: str) -> None:
    assert shown in said("impossible_value", figures)


def test_a_current_ratio_and_a_median_distortion_are_shown_where_they_are_known() -> None:
    assert "√3·U·I is 0.667 of S" in said("ct_error", {"current_ratio": 2 / 3})
    assert "(median of the phases 4.5 %)" in said("distortion_meter", {"thd_current_median": 0.045})
    assert "(about 150 °C)" in said("temperature_sensor", {"oil_temperature_c": 150.0})


@pytest.mark.parametrize(
    ("figures", "values"),
    [
        ({"apparent_power_kva": 700.0, "voltage_pu": 1.02, "oil_temperature_c": 61.0}, "(S 700 kVA)"),
        ({"apparent_power_kva": 700.0, "voltage_pu": 2.2}, "(S 700 kVA, voltage 220 % of nominal)"),
        ({"active_power_kw": 9000.0, "apparent_power_kva": 700.0}, "(P 9000 kW, S 700 kVA)"),
        ({"active_power_kw": 9000.0, "oil_temperature_c": -40.0}, "(P 9000 kW, oil -40 °C)"),
    ],
)
def test_an_impossible_value_is_named_and_what_is_usual_is_not(figures: Figures, values: str) -> None:
    assert f"values that this transformer can't have {values}." in said("impossible_value", figures)
