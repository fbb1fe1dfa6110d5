from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import mapping
from ingestion.mapping import MappingError, checked, choices_of, guess, signature
from ingestion.units import unit_of
from substations.channels import CHANNEL_NAMES

METER = [
    "Date", "Time", "Substation", "Active Power Total", "Apparent Power Total", "Reactive Power Total",
    "Power Factor Total", "Current A", "Current B", "Current C", "Current Avg", "Voltage A-B", "Voltage B-C",
    "Voltage C-A", "Voltage L-L Avg", "Frequency", "THD Current A", "THD Current B", "THD Current C", "THD Voltage A-B",
    "THD Voltage B-C", "THD Voltage C-A", "Transformer Temperature",
]  # fmt: skip


def targets(*headers: str) -> list[str]:
    return [found.target for found in guess(headers).values()]


def test_a_usual_meter_export_needs_no_help() -> None:
    found = guess(METER)
    assert {g.target for g in found.values()} == {"date", "time", "substation", *CHANNEL_NAMES}
    assert min(g.confidence for g in found.values()) >= mapping.SURE


def test_our_own_names_are_certain() -> None:
    assert all(guess(CHANNEL_NAMES)[name] == mapping.guess_one(name) for name in CHANNEL_NAMES)
    assert {g.confidence for g in guess(CHANNEL_NAMES).values()} == {1.0}


@pytest.mark.parametrize(
    ("header", "channel", "unit"),
    [
        ("P", "active_power_kw", "kW"),
        ("Q [Mvar]", "reactive_power_kvar", "Mvar"),
        ("S kVA", "apparent_power_kva", "kVA"),
        ("kW", "active_power_kw", "kW"),
        ("P_total_kW", "active_power_kw", "kW"),
        ("P (W)", "active_power_kw", "W"),
        ("PF", "power_factor", "per unit"),
        ("power_factor_pct", "power_factor", "%"),
        ("cos phi", "power_factor", "per unit"),
        ("V", "voltage_avg_v", "V"),
        ("Voltage (kV)", "voltage_avg_v", "kV"),
        ("Voltage L-N Avg", "voltage_avg_v", "V line-neutral"),
        ("Vab", "voltage_l12_v", "V"),
        ("UL2L3", "voltage_l23_v", "V"),
        ("V_BR (kV)", "voltage_l31_v", "kV"),
        ("I", "current_avg_a", "A"),
        ("IL3", "current_l3_a", "A"),
        ("f (Hz)", "frequency_hz", "Hz"),
        ("Oil Temp (°F)", "oil_temperature_c", "°F"),
        ("THDi A (%)", "thd_current_l1_pct", "%"),
        ("THD_V_AB", "thd_voltage_l12_pct", "%"),
        ("Wirkleistung [kW]", "active_power_kw", "kW"),
    ],
)
def test_knows_short_names_and_units_in_headers(header: str, channel: str, unit: str) -> None:
    found = mapping.guess_one(header)
    assert (found.target, found.unit) == (channel, unit)


@pytest.mark.parametrize(
    "header", ["Active Energy (kWh)", "Max Demand kW", "Active Power A", "Voltage A-N", "Remark", "", "Neutral Current"]
)
def test_ignores_what_is_no_channel(header: str) -> None:
    assert mapping.guess_one(header).target == ""


def test_the_third_colour_is_the_third_phase() -> None:
    assert targets("Current R", "Current Y", "Current B") == ["current_l1_a", "current_l2_a", "current_l3_a"]


def test_a_lone_current_a_is_in_amperes() -> None:
    assert targets("kw", "current_a") == ["active_power_kw", "current_avg_a"]


@pytest.mark.parametrize("header", ["date", "Time", "Timestamp", "Date Time", "date_time"])
def test_one_time_column_holds_date_and_time(header: str) -> None:
    assert targets(header, "P") == ["timestamp", "active_power_kw"]


def test_the_transformer_datasets_columns_are_a_guess_to_be_confirmed() -> None:
    found = guess(["date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"])
    assert [g.target for g in found.values()] == [
        "timestamp", "active_power_kw", "reactive_power_kvar", "", "", "", "", "oil_temperature_c",
    ]  # fmt: skip
    assert found["HUFL"].confidence < mapping.SURE <= found["OT"].confidence


def test_the_surer_of_two_columns_with_one_meaning_keeps_it() -> None:
    found = guess(["Load", "Active Power (kW)"])
    assert [g.target for g in found.values()] == ["", "active_power_kw"]
    assert "Active Power (kW)" in found["Load"].why


@given(st.lists(st.text(max_size=25), unique=True, max_size=12))
def test_any_headers_get_a_usable_guess(headers: list[str]) -> None:
    found = guess(headers)
    assert list(found) == headers
    chosen = [g for g in found.values() if g.target]
    assert len({g.target for g in chosen}) == len(chosen)
    assert all(unit_of(g.target, g.unit) for g in chosen if g.target in CHANNEL_NAMES)


def test_a_choice_overrides_and_the_rest_is_ignored() -> None:
    complete = checked(["a", "b", "c"], {"b": {"target": "active_power_kw", "unit": "MW"}})
    assert complete["a"]["target"] == ""
    assert complete["b"] == {"target": "active_power_kw", "unit": "MW", "negate": False}


@pytest.mark.parametrize(
    ("choices", "complaint"),
    [
        ({"x": {"target": "active_power_kw"}}, "no column “x”"),
        ({"a": {"target": "power"}}, "mapped to “power”"),
        ({"a": {"target": "active_power_kw", "unit": "V"}}, "takes one of: kW, W, MW"),
        ({"a": {"target": "active_power_kw"}, "b": {"target": "active_power_kw"}}, "a and b are both"),
        ({"a": {"target": "timestamp"}}, "at least one"),
        ({"a": {"target": "active_power_kw"}, "b": {"target": "time"}}, "none holds the date"),
    ],
)
def test_a_choice_that_cannot_work_is_refused_with_the_reason(
    choices: dict[str, mapping.ColumnChoice], complaint: str
) -> None:
    with pytest.raises(MappingError, match=complaint):
        checked(["a", "b"], choices)


def test_a_layout_is_known_again_whatever_its_case() -> None:
    assert signature(["Time", "P"]) == signature(["time ", "p"]) != signature(["P", "Time"])
    assert choices_of(guess(["P"]))["P"] == {"target": "active_power_kw", "unit": "kW", "negate": False}
