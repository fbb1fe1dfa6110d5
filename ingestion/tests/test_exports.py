"""What meters, loggers and historians write: what is stored of it, and what is asked."""

from __future__ import annotations

import gzip
import io
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion.exports.containers import opened
from ingestion.exports.energy_registers import is_register, power_of_energy
from ingestion.exports.figures import parts_of, to_float
from ingestion.exports.meanings import meaning_of
from ingestion.exports.moments import read_clock, read_date
from ingestion.problems import Unreadable
from ingestion.tests.exported import P, Q, asked, line_current, read, table, times, values

KW, KVAR = "active_power_kw", "reactive_power_kvar"


def test_watts_are_told_by_voltage_and_current() -> None:
    rows = [(t, p * 1000, Q * 1000, 230.9, round(line_current(p, Q, 400), 2)) for t, p in zip(times(), P, strict=True)]
    found = read(table("Time,Active Power,Reactive Power,Voltage L-N Avg,Current Avg", rows))
    assert asked(found) == set()
    assert values(found, KW) == list(P)
    assert values(found, "voltage_avg_v")[0] == pytest.approx(400, rel=0.001)


def test_a_power_without_a_unit_and_nothing_to_check_it_is_asked() -> None:
    assert asked(read(table("Time,Power,PF", [(t, 6000, 0.95) for t in times()]))) == {"unit"}


def test_a_unit_that_the_numbers_contradict_is_asked() -> None:
    rows = [(t, p, Q, 11.0, round(line_current(p, Q, 11_000), 3)) for t, p in zip(times(), P, strict=True)]
    assert asked(read(table("Time,P (kW),Q (kvar),U12 (V),I (A)", rows))) == {"unit"}


def test_units_stand_in_a_line_below_the_header() -> None:
    found = read(
        table("Time;P;Q\n;[MW];[Mvar]", [(t, p / 1000, Q / 1000) for t, p in zip(times(), P, strict=True)], ";")
    )
    assert (asked(found), values(found, KW)) == (set(), list(P))


def test_the_average_counts_and_not_the_extremes() -> None:
    rows = [(t, p * 0.8, p, p * 1.2) for t, p in zip(times(), P, strict=True)]
    assert values(read(table("Time,kW min,kW avg,kW max", rows)), KW) == list(P)


def test_phases_are_summed_where_there_is_no_total() -> None:
    rows = [(t, p / 3, p / 3, p / 3) for t, p in zip(times(), P, strict=True)]
    assert values(read(table("Time,Wirkleistung L1 [kW],Wirkleistung L2 [kW],Wirkleistung L3 [kW]", rows)), KW) == list(
        P
    )


def test_leading_is_taken_from_lagging_and_export_from_import() -> None:
    found = read(table("Time,kW imp,kW exp,kvar lag,kvar lead", [(t, 50, 20, 0, 30) for t in times()]))
    assert (values(found, KW)[0], values(found, KVAR)[0]) == (30, -30)


def test_a_maximum_demand_is_no_apparent_power() -> None:
    found = read(table("Time,kW,kvar,MD kVA", [(t, 30, 40, 900) for t in times()]))
    assert values(found, "apparent_power_kva")[0] == 50


def test_the_ambient_temperature_is_not_the_oil() -> None:
    found = read(table("Time,kW,Ambient (°C),Winding (°C),Top oil (°F)", [(t, 30, 20, 90, 140) for t in times()]))
    assert values(found, "oil_temperature_c")[0] == 60


def test_energy_of_an_interval_is_mean_power() -> None:
    found = read(table("Time,kWh,kvarh", [(t, p / 4, 15) for t, p in zip(times(), P, strict=True)]))
    assert (asked(found), values(found, KW), values(found, KVAR)[0]) == (set(), list(P), 60)


def test_a_register_rolls_over_and_a_reset_is_no_energy() -> None:
    seconds = np.arange(6, dtype=np.float64) * 900.0
    rolled = power_of_energy(np.array([9998.0, 9999.0, 0.0, 1.0, 2.0, 3.0]), seconds, 900, register=True)
    assert rolled[:5].tolist() == [4, 4, 4, 4, 4]
    reset = power_of_energy(np.array([500.0, 501.0, 0.0, 1.0, 2.0, 3.0]), seconds, 900, register=True)
    assert np.isnan(reset[1])
    assert is_register(np.array([100.0, 120.0, 90.0, 110.0])) is False


def test_a_negative_power_factor_without_kvar_is_asked_and_its_answer_is_used() -> None:
    data = table("Time,kW,PF", [(t, 80, -0.8) for t in times()])
    assert asked(read(data)) == {"power_factor_convention"}
    answered = read(data, convention="ieee")
    assert (asked(answered), values(answered, KVAR)[0], values(answered, "power_factor")[0]) == (set(), 60, 0.8)
    assert values(read(data, convention="iec"), KVAR)[0] == -60


@pytest.mark.parametrize(("text", "sign"), [("0.8 Lag", 60), ("0.8 Lead", -60), ("0.8C", -60), ("0.8 ind", 60)])
def test_a_power_factor_says_leading_in_words(text: str, sign: float) -> None:
    assert values(read(table("Time,kW,PF", [(t, 80, text) for t in times()])), KVAR)[0] == sign


def test_kvar_of_the_other_sign_throughout_is_asked() -> None:
    assert asked(read(table("Time,kW,kvar", [(t, 80, -60) for t in times()]))) == {"sign"}


def test_words_sentinels_and_bad_quality_are_missing_and_the_row_stays() -> None:
    rows: list[tuple[object, ...]] = [(t, p, "Good", Q) for t, p in zip(times(), P, strict=True)]
    rows[0] = (rows[0][0], 0, "Bad", Q)
    rows[1] = (rows[1][0], 65535, "Good", Q)
    rows[2] = (rows[2][0], "I/O Timeout", "Good", Q)
    found = read(table("Time,kW,kW Quality,kvar", rows))
    assert np.isnan(found.values[:3, 0]).all()
    assert (values(found, KVAR)[:3], asked(found)) == ([Q, Q, Q], set())


@pytest.mark.parametrize(
    ("layout", "about"),
    [("%d.%m.%Y %H:%M", set()), ("%m/%d/%Y %H:%M", set()), ("%Y%m%d%H%M%S", set()), ("%d-%b-%y %H:%M", set())],
)
def test_the_order_of_a_date_is_told_by_the_file(layout: str, about: set[str]) -> None:
    found = read(table("Time;kW", [(t, 80) for t in times(layout=layout)], ";"))
    assert (asked(found), str(found.at[0])[:16]) == (about, "2026-03-14T00:00")


def test_a_date_that_fits_both_orders_is_asked() -> None:
    assert asked(read(table("Time,kW", [(f"04/03/2026 0{n}:00", 80) for n in range(8)]))) == {"date_order"}


def test_the_zone_of_the_file_counts_more_than_the_one_said() -> None:
    data = table("Timestamp (UTC),kW", [(t, 80) for t in times()])
    assert str(read(data, time_zone="Asia/Kolkata").at[0])[:16] == "2026-03-14T00:00"
    assert asked(read(table("Time,kW", [(t, 80) for t in times()]), time_zone="")) == {"time_zone"}


def test_lines_of_a_historian_are_gathered() -> None:
    rows = [(f"SS1.{tag}", t, v, "Good") for t in times() for tag, v in (("kW", 80), ("kvar", 60))]
    found = read(table("TagName,Timestamp,Value,Quality", rows), substation="")
    assert (found.layout, found.stations[0], len(found.at), values(found, KVAR)[0]) == ("long", "SS1", 8, 60)


def test_stations_side_by_side_are_parted() -> None:
    found = read(
        table("Time,North kW,North kvar,South kW,South kvar", [(t, 80, 60, 8, 6) for t in times()]), substation=""
    )
    assert sorted(set(found.stations)) == ["North", "South"]


def test_a_line_per_day_is_unrolled() -> None:
    header = "Date,Unit," + ",".join(f"{h:02}:{m:02}" for h in range(24) for m in (0, 30))
    found = read(table(header, [("2026-03-14", "kWh", *[40] * 48), ("2026-03-15", "kWh", *[50] * 48)]))
    assert (found.layout, len(found.at), values(found, KW)[0], values(found, KW)[-1]) == ("days", 96, 80, 100)


def test_nem12_is_in_market_time() -> None:
    lines = [
        "100,NEM12,202603140000,A,B",
        "200,NMI1,E1,1,E1,N1,M1,KWH,30,",
        "300,20260314," + "10," * 48 + "A,,,,",
        "900",
    ]
    found = read("\n".join(lines).encode(), time_zone="Europe/Berlin")
    assert (found.kind, str(found.at[0])[:16], values(found, KW)[0]) == ("nem12", "2026-03-13T14:00", 20)


def test_an_archive_of_daily_files_is_one_table() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for day in ("2026-03-14", "2026-03-15"):
            archive.writestr(f"{day}.csv", table("Time,kW", [(f"{day} 0{n}:00", 80) for n in range(8)]))
    assert len(read(packed.getvalue(), "days.zip").at) == 16
    assert len(read(gzip.compress(table("Time,kW", [(t, 80) for t in times()])), "a.csv.gz").at) == 8


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\x00" * 8 + b"\x40\x14\x11\x4a\x9f\xe4\xcf\x11\x99\x00\x50\x51\x44\x49\x46\x00", "PQDIF"),
        (b"1,1000,98,2\n2,2000,98,3\n3,3000,98,4\n4,4000,98,1\n", "COMTRADE"),
        (b"%PDF-1.7", "PDF"),
        (b"100,NEM13,1,A,B\n250,x\n", "NEM12"),
        (b"PK\x03\x04 broken", "ZIP"),
        (b"", "empty"),
    ],
)
def test_what_holds_no_readings_is_refused_with_a_way_out(data: bytes, word: str) -> None:
    with pytest.raises(Unreadable, match=word):
        read(data)


def test_a_large_share_of_rejected_rows_is_asked() -> None:
    rows = [(t if n % 2 else "2026-03-45 00:00", 80) for n, t in enumerate(times())]
    assert "rejected_share" in asked(read(table("Time,kW", rows)))


def test_two_columns_of_one_name_are_asked_and_alien_names_too() -> None:
    assert asked(read(table("Time,kW,kW", [(t, 80, 30) for t in times()]))) == {"mapping"}
    assert asked(read(table("Time,AI_1,AI_2", [(t, 80, 30) for t in times()]))) == {"mapping"}


@pytest.mark.parametrize(
    ("header", "kind", "phase"),
    [
        ("Vll ab", "U", "l12"), ("Gesamtwirkleistung [kW]", "P", ""), ("Puissance réactive (kvar)", "Q", ""),
        ("Facteur de puissance", "PF", ""), ("Corriente L2 (A)", "I", "2"), ("有功功率(kW)", "P", ""),
        ("kVArh Lag", "EQ", ""), ("PhVphB", "U", "2"), ("Lagging_Current_Reactive.Power_kVarh", "EQ", ""),
        ("THD-I1", "THDI", "1"), ("Frekvencia", "F", ""), ("CO2 (tCO2)", "", ""), ("Voltage L2L1 (V)", "U", "l12"),
        ("Spannung L3-L2 [V]", "U", "l23"), ("UL2L1 (V)", "U", "l12"), ("THD V L1 L3", "THDU", "l31"),
    ],
)  # fmt: skip
def test_names_of_vendors_and_languages(header: str, kind: str, phase: str) -> None:
    found = meaning_of(header)
    assert (found.kind, found.phase) == (kind, phase)


@given(st.floats(-1e6, 1e6), st.sampled_from(".,"))
def test_a_number_is_read_as_it_was_written(number: float, sign: str) -> None:
    text = f"{number:.4f}".replace(".", sign)
    found = parts_of(text)
    assert found is not None
    assert to_float(found.number, sign) == pytest.approx(number, abs=1e-4)


PIECES = [
    *"abcfilnpqrstuvw123456789 _-./()",
    "l1",
    "l2",
    "l3",
    "thd",
    "phv",
    "ppv",
    "kwh",
    "kvarh",
    "avg",
    "tot",
    "ph",
    "pf",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join))
@example("Voltage L1L1")
@example("l2l1")
def test_no_composed_name_breaks_the_reading_of_names(header: str) -> None:
    found = meaning_of(header)
    assert found.phase in ("", "1", "2", "3", "l12", "l23", "l31")


@given(st.text(max_size=40))
def test_no_text_breaks_the_parsers(text: str) -> None:
    parts_of(text)
    read_date(text)
    read_clock(text)
    meaning_of(text)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with suppress(Unreadable):
        opened(data, "a.csv")
    with suppress(Unreadable):
        read(data)


@pytest.mark.parametrize(
    ("headers", "factor", "about"),
    [("P [mW],U [mV],I [mA]", 1e6, set()), ("P [mW],U [V],I [A]", 1e-3, set()), ("P [mW]", 1.0, {"unit"})],
)
def test_milliwatt_and_megawatt_are_told_by_voltage_and_current(headers: str, factor: float, about: set[str]) -> None:
    small = 1000 if "mV" in headers else 1
    rows = [
        (at, f"{p * factor:.6f}", 400 * small, f"{line_current(p, 0, 400) * small:.3f}")[: 2 + headers.count(",")]
        for at, p in zip(times(), P, strict=True)
    ]
    found = read(table("Time," + headers, rows))
    assert asked(found) == about
    assert about or values(found, "active_power_kw")[0] == P[0]


def test_a_quoted_header_may_run_over_two_lines() -> None:
    rows = "\n".join(f"{at},{p},5" for at, p in zip(times(), P, strict=True))
    found = read(f'Time,"Active\nPower (kW)",kvar\n{rows}'.encode())
    assert not asked(found)
    assert values(found, "active_power_kw")[0] == P[0]


def test_a_run_of_zero_bytes_costs_its_line_alone() -> None:
    rows = [f"{at},{p}" for at, p in zip(times(), P, strict=True)]
    data = "\n".join(["Time,kW", *rows[:4]]).encode() + b"\n" + b"\0" * 512 + b"\n" + "\n".join(rows[4:]).encode()
    assert values(read(data), "active_power_kw") == list(P)


def test_names_over_units_are_those_of_groups() -> None:
    data = table("Time,Feeder 1,,Feeder 2,\n,kW,kvar,kW,kvar", [(at, 10, 5, 20, 8) for at in times()])
    found = read(data, substation="")
    assert sorted(set(found.stations)) == ["FEEDER-1", "FEEDER-2"]
    assert set(values(found, "reactive_power_kvar")) == {5.0, 8.0}


def test_an_offset_in_a_column_of_its_own_counts_more_than_the_zone_said() -> None:
    rows = [(330, at, p) for at, p in zip(times(), P, strict=True)]
    found = read(table("UTC Offset (minutes),Local Time Stamp,kW", rows), time_zone="America/New_York")
    assert str(found.at[0])[:16] == "2026-03-13T18:30"


def test_plus_and_minus_behind_a_name_are_import_and_export() -> None:
    rows = [(at, 0, 8) if n else (at, 5, 0) for n, at in enumerate(times())]
    assert values(read(table("Zeit;P + [kW];P - [kW]", rows, ";")), "active_power_kw") == [5.0] + [-8.0] * 7
