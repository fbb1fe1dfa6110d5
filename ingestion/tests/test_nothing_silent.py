"""What the plan cannot check against physics or the file's own words is asked, never stored or lost in silence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ingestion.tests.exported import P, asked, line_current, read, table, times, values


def hourly(headers: str, *cells: Sequence[object]) -> bytes:
    return table(headers, list(zip(times(), *cells, strict=True)))


def test_a_named_quantity_in_one_phase_alone_is_asked() -> None:
    assert "mapping" in asked(read(hourly("Time,kW,kvar L1", [*P], [*P])))


def test_a_total_that_is_not_the_sum_of_its_phases_is_asked() -> None:
    third = [round(p / 3, 3) for p in P]
    assert not asked(read(hourly("Time,kW total,kW L1,kW L2,kW L3", [*P], third, third, third)))
    assert "mapping" in asked(read(hourly("Time,kW total,kW L1,kW L2,kW L3", third, third, third, third)))


def test_cells_with_digits_that_are_no_numbers_are_asked() -> None:
    odd = [f"x{p}y" if n % 3 == 0 else p for n, p in enumerate(P)]
    assert "rejected_share" in asked(read(hourly("Time,kW,kvar", odd, [*P])))


def test_a_mark_for_no_value_is_not_asked() -> None:
    marked = ["Err 5" if n % 3 == 0 else p for n, p in enumerate(P)]
    assert not asked(read(hourly("Time,kW,kvar", marked, [*P])))


def test_values_beyond_what_is_possible_are_asked() -> None:
    assert "unit" in asked(read(hourly("Time,kW,Oil temperature (°C)", [*P], [523.0] * 8)))


def test_a_column_that_nobody_can_name_is_asked_where_reactive_power_is_missing() -> None:
    numbers = [p / 7 for p in P]
    assert "mapping" in asked(read(hourly("Time,kW,Foo", [*P], numbers)))
    assert not asked(read(hourly("Time,kW,kvar,Foo", [*P], [*P], numbers)))


def test_a_voltage_that_may_be_of_either_kind_is_asked() -> None:
    assert "unit" in asked(read(hourly("Time,kW,Voltage (V)", [*P], [230.0] * 8)))
    found = read(hourly("Time,kW,U L1 (V),U L2 (V),U L3 (V)", [*P], [230.0] * 8, [230.0] * 8, [230.0] * 8))
    assert not asked(found)
    assert values(found, "voltage_avg_v")[0] == pytest.approx(398.372, abs=0.01)


def test_a_current_without_a_unit_is_checked_by_the_voltage_that_it_gives() -> None:
    amperes = [round(line_current(p, 0, 400), 2) for p in P]
    assert not asked(read(hourly("Time,kW,Current", [*P], amperes)))
    assert "unit" in asked(read(hourly("Time,PF,Current", [0.9] * 8, amperes)))


def test_counts_of_events_are_no_voltage() -> None:
    found = read(hourly("Time,kW,kvar,Voltage Foo", [*P], [*P], [0] * 8))
    assert set(values(found, "voltage_avg_v")) != {0.0}


def test_a_repeated_time_without_a_value_hides_no_reading() -> None:
    data = hourly("Time,kW", [*P]) + f"\n{times()[0]},?".encode()
    assert values(read(data), "active_power_kw")[0] == P[0]


def test_the_prefix_of_a_power_is_that_of_the_column_also_for_a_station_of_two_rows() -> None:
    rows = [("A", at, p * 1000, 400, line_current(p, 0, 400)) for at, p in zip(times(), P, strict=True)]
    rows += [("B", at, 80, 400, 0.2) for at in times(2)]  # 80 W, or 0.6 of √3·U·I in kW: its own rows tell nothing
    found = read(table("Station,Time,Power,Voltage,Current", rows), substation="")
    assert not asked(found) - {"substation"}
    assert values(found, "active_power_kw")[-2:] == [0.08, 0.08]


def test_stations_that_clearly_differ_keep_their_own_prefix() -> None:
    rows = [("A", at, p * 1000, 400, line_current(p, 0, 400)) for at, p in zip(times(), P, strict=True)]
    rows += [("B", at, p, 400, line_current(p, 0, 400)) for at, p in zip(times(), P, strict=True)]
    found = read(table("Station,Time,Power,Voltage,Current", rows), substation="")
    assert values(found, "active_power_kw") == [*P, *P]


def test_a_register_of_a_station_of_two_rows_is_told_by_the_others() -> None:
    rows = [("A", at, 50_000 + 10 * n) for n, at in enumerate(times())]
    rows += [("B", at, 90_000 + 5 * n) for n, at in enumerate(times(2))]
    found = read(table("Station,Time,kWh", rows), substation="")
    assert not asked(found) - {"substation"}
    assert values(found, "active_power_kw") == [40.0] * 7 + [20.0]


@pytest.mark.parametrize("headers", ["kW,kVA", "kvar,kVA", "kW,kVA,PF"])
def test_powers_that_contradict_each_other_are_asked(headers: str) -> None:
    cells = [[*P], [p / 2 for p in P], [0.99] * 8][: headers.count(",") + 1]
    assert "unit" in asked(read(hourly("Time," + headers, *cells)))


def test_a_constant_that_a_word_names_is_no_quantity() -> None:
    found = read(hourly("Time,Current Version,Active Users,kW,kvar", [2.1] * 8, [3] * 8, [*P], [*P]))
    assert not asked(found)
    assert np.isnan(values(found, "current_avg_a")).all()
