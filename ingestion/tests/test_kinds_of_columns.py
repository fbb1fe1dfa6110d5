"""Columns that say something of other columns: qualities, lag and lead, units below, and what is no load."""

from __future__ import annotations

import numpy as np
import pytest

from ingestion.tests.exported import P, Q, asked, line_current, read, table, times, values
from ingestion.tests.test_nothing_silent import hourly

SIDES = ["Lag", "Lead", "Lag", "Lag", "Lead", "Lag", "Lag", "Lag"]
SIGNED = [-Q if side == "Lead" else Q for side in SIDES]


@pytest.mark.parametrize("good", ["0", "0x00000000"])
@pytest.mark.parametrize("bad", ["0x80310000", "2150694912", "0x40920000"])
def test_a_status_code_of_32_bits(good: str, bad: str) -> None:
    states = [bad if n == 3 else good for n in range(8)]
    found = read(hourly("Time,P [kW],P_Status,Q [kvar],Q_Status", [*P[:3], 0, *P[4:]], states, [Q] * 8, [good] * 8))
    assert not asked(found)
    assert np.isnan(values(found, "active_power_kw")[3])
    assert values(found, "reactive_power_kvar")[3] == Q


@pytest.mark.parametrize("header", ["Lead/Lag", "PF type", "Ind/Cap"])
def test_lag_and_lead_in_a_column_of_their_own(header: str) -> None:
    factors = [p / np.hypot(p, Q) for p in P]
    assert (
        values(read(hourly(f"Time,kW,kvar,PF,{header}", [*P], [Q] * 8, factors, SIDES)), "reactive_power_kvar")
        == SIGNED
    )
    assert values(read(hourly(f"Time,kW,kvar,{header}", [*P], [Q] * 8, SIDES)), "reactive_power_kvar") == SIGNED
    by_factor = values(read(hourly(f"Time,kW,PF,{header}", [*P], factors, SIDES)), "reactive_power_kvar")
    assert by_factor == pytest.approx(SIGNED, abs=0.01)


def test_a_line_of_units_may_name_tenths() -> None:
    tenths = [(at, p * 10, Q * 10) for at, p in zip(times(), P, strict=True)]
    found = read(table("Time,P,Q\n,0.1 kW,0.1 kvar", tenths))
    assert not asked(found)
    assert values(found, "active_power_kw") == [*P]


def test_what_a_house_uses_is_not_what_the_grid_gives() -> None:
    headers = "Zeit,Netzbezug [kW],Netzeinspeisung [kW],Hausverbrauch [kW]"
    found = read(hourly(headers, [*P], [0.0] * 8, [p * 1.08 for p in P]))
    assert asked(found) or values(found, "active_power_kw") == [*P]


def test_a_unit_as_the_name_of_a_quantity_is_no_unit_beside_names_without() -> None:
    amperes = [line_current(p, Q, 400) for p in P]
    headers = "Time,Total system power,Total system VAr,Average current,Line 1 to line 2 volts"
    found = read(hourly(headers, [*P], [Q] * 8, amperes, [400.0] * 8))
    assert not asked(found)
    assert values(found, "reactive_power_kvar") == [Q] * 8
    assert values(found, "voltage_l12_v") == [400.0] * 8


def test_the_letter_of_amperes_before_the_phase_is_their_unit() -> None:
    found = read(hourly("Time,A L1,A L2,A L3,kW sys", *[[30.0] * 8] * 3, [*P]))
    assert not asked(found)
    assert values(found, "current_l1_a") == [30.0] * 8
