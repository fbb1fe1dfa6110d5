"""Kinds of difficulty in the headers and cells of the field, each with what would be wrong if it were read naively."""

from __future__ import annotations

import numpy as np
import pytest

from ingestion.tests.exported import P, Q, asked, line_current, read, table, times, values
from ingestion.tests.test_nothing_silent import hourly


def test_what_is_fed_in_under_a_compound_word_is_not_stored_as_drawn() -> None:
    assert "sign" in asked(read(hourly("Zeit;Einspeiseleistung (kW)".replace(";", ","), [*P])))


def test_consumption_and_generation_in_letters_are_a_net() -> None:
    headers = "Data,Ativa C (kWh),Ativa G (kWh),Reativa C (kVArh),Reativa G (kVArh)"
    found = read(hourly(headers, [*P], [0.0] * 8, [Q] * 8, [0.0] * 8), energy="per_interval")
    assert not asked(found)
    assert values(found, "active_power_kw") == [4 * p for p in P]
    assert values(found, "reactive_power_kvar") == [4 * Q] * 8


def test_a_total_below_one_phase_beside_it_is_asked() -> None:
    assert "mapping" in asked(read(hourly("Time,kW total,kW C,kvar", [0.0] * 8, [*P], [Q] * 8)))
    assert not asked(read(hourly("Time,kW total,kW L1,kvar", [*P], [p / 3 for p in P], [Q] * 8)))


def test_a_small_t_behind_p_and_q_is_the_total() -> None:
    found = read(hourly("Datum,Pt [kW],Qt [kvar]", [*P], [Q] * 8))
    assert not asked(found)
    assert values(found, "active_power_kw") == [*P]


def test_the_current_of_a_demand_beside_powers_is_no_reading() -> None:
    demands = [line_current(p, Q, 400) for p in P]
    found = read(hourly("Time,kW,kvar,I demand L1", [*P], [Q] * 8, demands))
    assert np.isnan(values(found, "current_l1_a")).all()


def test_a_historians_mark_with_decimals_is_no_value() -> None:
    found = read(hourly("Time,kW,kvar", [-999.25, *P[1:]], [Q] * 8))
    assert not asked(found)
    assert np.isnan(values(found, "active_power_kw")[0])


def test_a_demand_distortion_is_not_the_total_distortion() -> None:
    found = read(hourly("Time,kW,THD I1 (%),TDD L1 (%)", [*P], [8.0] * 8, [3.0] * 8))
    assert not asked(found)
    assert values(found, "thd_current_l1_pct") == [8.0] * 8


@pytest.mark.parametrize("layout", ["%Y年%m月%d日 %H时%M分", "%Y年%m月%d日 %H時%M分00秒", "%Y年%m月%d日%H点%M分"])
def test_chinese_times_of_day_are_read(layout: str) -> None:
    found = read(table("时间,有功功率(kW)", list(zip(times(layout=layout), P, strict=True))))
    assert not asked(found)
    assert str(found.at[1])[:16] == "2026-03-14T00:15"


def test_a_station_before_an_energy_leaves_it_an_energy() -> None:
    rows = [(at, f"{p * 250} Wh", f"{p * 500} Wh") for at, p in zip(times(), P, strict=True)]
    found = read(table("Time,SS-101: EP+,SS-102: EP+", rows), substation="", energy="per_interval")
    assert set(found.stations) == {"SS-101", "SS-102"}
    assert values(found, "active_power_kw")[:8] == [*P]


def test_german_words_over_decimal_points_do_not_tell_the_order_of_the_date() -> None:
    cells = times(layout="%m-05-%Y %H:%M")
    points = [p + 0.25 for p in P]
    assert "date_order" in asked(read(table("Zeitstempel,Leistung (kW)", list(zip(cells, points, strict=True)))))


@pytest.mark.parametrize(("unit", "factor"), [("kW/100", 0.01), ("0.1 kW", 0.1), ("W/10", 1e-4), ("kW x 0.01", 0.01)])
def test_a_register_that_counts_parts_of_a_unit(unit: str, factor: float) -> None:
    found = read(hourly(f"Time,P ({unit}),kvar", [p / factor for p in P], [Q] * 8))
    assert not asked(found)
    assert values(found, "active_power_kw") == [*P]


@pytest.mark.parametrize("header", ["P (kW x10)", "P_kW_x100", "P kW (×1000)"])
def test_a_header_that_multiplies_is_asked_where_nothing_tells_which_way(header: str) -> None:
    assert asked(read(hourly(f"Time,{header},kvar", [*P], [Q] * 8))) & {"scale", "unit"}


@pytest.mark.parametrize("line", ["Multiplication Factor,200", "MF: 200", "Wandlerfaktor;60"])
def test_a_multiplication_factor_above_the_table_is_asked(line: str) -> None:
    lines = (line + "\n").encode()
    assert "scale" in asked(read(lines + hourly("Time,kWh,kvarh", [*P], [Q] * 8), energy="per_interval"))
    assert not asked(read(b"MF: 1\n" + hourly("Time,kWh,kvarh", [*P], [Q] * 8), energy="per_interval"))


def test_a_multiplication_factor_beside_powers_that_agree_is_not_asked() -> None:
    amperes = [line_current(p, Q, 400) for p in P]
    rows = hourly("Time,kW,kvar,Current (A),Voltage L-L (V)", [*P], [Q] * 8, amperes, [400.0] * 8)
    assert not asked(read(b"MF: 200\n" + rows))


def test_a_column_of_multipliers_is_asked() -> None:
    assert "scale" in asked(read(hourly("Time,kW,kvar,MF", [*P], [Q] * 8, [200] * 8)))
    assert not asked(read(hourly("Time,kW,kvar,MF", [*P], [Q] * 8, [1] * 8)))


def test_a_gap_of_kvar_is_not_filled_with_a_sign_that_is_not_known() -> None:
    gaps = [Q, Q, "?", Q, Q, Q, Q, Q]
    found = read(hourly("Time,kW,kvar,kVA", [*P], gaps, [round(float(np.hypot(p, Q)), 3) for p in P]))
    assert np.isnan(values(found, "reactive_power_kvar")[2])
    assert values(found, "reactive_power_kvar")[3] == Q


def test_tags_of_one_meaning_that_differ_by_station_are_taken_for_each() -> None:
    rows = [(name, at, tag, p) for name, tag in (("A", "Sum P Mean (kW)"), ("B", "Sum P Avg (kW)"))
            for at, p in zip(times(), P, strict=True)]  # fmt: skip
    found = read(table("Station,Time,Tag,Value", rows), substation="")
    assert values(found, "active_power_kw") == [*P, *P]


def test_a_voltage_of_a_few_volts_is_asked() -> None:
    amperes = [line_current(p, Q, 11_000) for p in P]
    headers = "Time,Total power [W],Total VAr [var],Average current,Average line to line volts"
    assert "unit" in asked(read(hourly(headers, [*P], [Q] * 8, amperes, [11_000.0] * 8)))


def test_a_chinese_line_voltage_without_a_unit_is_a_voltage() -> None:
    amperes = [line_current(p, Q, 400) for p in P]
    headers = "时间,有功功率(kW),无功功率(kvar),A相电流(A),B相电流(A),C相电流(A),AB线电压"
    found = read(hourly(headers, [*P], [Q] * 8, amperes, amperes, amperes, [400.0] * 8))
    assert not asked(found)
    assert values(found, "voltage_l12_v") == [400.0] * 8


def test_oil_in_fahrenheit_by_a_letter_or_by_its_height() -> None:
    found = read(hourly("Time,kW,kvar,Top Oil Temp (F)", [*P], [Q] * 8, [122.0] * 8))
    assert not asked(found)
    assert values(found, "oil_temperature_c") == [50.0] * 8
    assert "unit" in asked(read(hourly("Time,kW,kvar,Top Oil Temp", [*P], [Q] * 8, [122.0] * 8)))


def test_power_factors_of_the_phases_beside_the_total_are_not_asked() -> None:
    found = read(hourly("Time,kW,PF A,PF B,PF C,PF total,kVA", [*P], *[[0.9] * 8] * 4, [p / 0.9 for p in P]))
    assert not asked(found)


@pytest.mark.parametrize("header", ["Power avg per phase (kW)", "Power (kW)"])
def test_a_power_of_one_phase_is_not_stored_for_all_three(header: str) -> None:
    amperes = [line_current(p, Q, 400) for p in P]
    third = [round(p / 3, 3) for p in P]
    found = read(hourly(f"Time,{header},Current (A),Voltage L-L (V)", third, amperes, [400.0] * 8))
    assert asked(found) & {"mapping", "scale"}


def test_a_time_that_stands_over_both_lines_of_a_header() -> None:
    day = [(at[:10], at[11:], p, Q) for at, p in zip(times(), P, strict=True)]
    found = read(table("Date,Time,Power,\n,,kW,kvar", day))
    assert not asked(found)
    assert values(found, "active_power_kw") == [*P]


def test_the_tangent_is_no_power_factor() -> None:
    assert not asked(
        read(
            hourly(
                "Czas,P [kW],Q [kvar],S [kVA],tg φ",
                [*P],
                [Q] * 8,
                *[[round(float(np.hypot(p, Q)), 3) for p in P], [round(Q / p, 3) for p in P]],
            )
        )
    )
    assert "mapping" in asked(read(hourly("Zeit,P [kW],tan φ", [*P], [round(Q / p, 3) for p in P])))
