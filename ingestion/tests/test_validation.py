from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingestion.mapping import ROLES, ColumnChoice
from ingestion.parsing import blocks, read_table
from ingestion.plan import ImportPlan, KnownSubstations
from ingestion.tests.samples import TIMELESS, format_of_file, written
from ingestion.validation import Checked, check
from substations.channels import CHANNEL_INDEX

NOW = np.datetime64("2026-01-01T00:00", "us")
GRID = KnownSubstations(
    {"ss-01": 1, "north yard": 1, "ss-02": 2, "a": 3, "b": 4}, {1: "UTC", 2: "Asia/Kolkata", 3: "UTC", 4: "UTC"}
)


def choices_of(columns: Sequence[str]) -> dict[str, ColumnChoice]:
    """By the first word of each header."""
    targets = {role: role for role in ROLES} | {"p": "active_power_kw", "q": "reactive_power_kvar",
               "pf": "power_factor", "i1": "current_l1_a", "u": "voltage_avg_v"}  # fmt: skip
    return {name: {"target": targets[word]} for name in columns if (word := name.split()[0].lower()) in targets}


def judged(tmp_path: Path, text: str, *, size: int = 1 << 20, **changes: object) -> Checked:
    """The last block's result; earlier ones only pass on their positions."""
    path = written(tmp_path, text)
    form = format_of_file(path)
    plan = replace(ImportPlan(choices_of(form.columns), decimal=form.decimal, strict=True), **changes)  # type: ignore[arg-type]  # fields by name
    result: Checked | None = None
    positions: dict[int, int] = {}
    for block in blocks(path, form, size=size):
        table = read_table(block, form, plan.numbers, plan.texts)
        result = check(table, plan, GRID, now=NOW, positions=positions)
        positions = result.positions
    assert result is not None
    return result


def problem_rows(found: Checked) -> list[tuple[int, str, str]]:
    return [(line, field, received) for line, field, received, _expected in found.problems.rows()]


def test_each_kind_of_bad_row_is_told_with_line_field_and_what_was_received(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        "Timestamp,Substation,P,PF\n"
        "2025-01-01 00:00,SS-01,10,0.9\n"
        "2025-01-01 00:15,SS-99,10,0.9\n"
        "tomorrow,SS-01,10,0.9\n"
        "2025-01-01 00:30,SS-01,ten,0.9\n"
        "2025-01-01 00:45,SS-01,10,1.9\n"
        "2031-01-01 00:00,SS-01,10,0.9\n"
        "1970-01-01 00:00,SS-01,10,0.9\n"
        "2025-01-01 01:00,SS-01,,\n"
        "2025-01-01 01:15,,10,0.9\n",
    )
    assert sorted(problem_rows(found)) == [
        (3, "substation", "SS-99"),
        (4, "timestamp", "tomorrow"),
        (5, "P", "ten"),
        (6, "PF", "1.9"),
        (7, "timestamp", "2031-01-01 00:00"),
        (8, "timestamp", "1970-01-01 00:00"),
        (10, "substation", ""),
    ]
    assert (len(found.rows), found.bad, found.empty) == (1, 7, 1)
    assert "Power factor: -1 to 1" in set(found.problems.expected)


def test_an_equal_key_later_in_the_file_wins_and_the_earlier_line_is_told(tmp_path: Path) -> None:
    found = judged(tmp_path, "Timestamp,Substation,P\n2025-01-01 00:00,SS-01,1\n2025-01-01 00:00,north yard,2\n")
    assert problem_rows(found) == [(2, "timestamp", "2025-01-01 00:00")]
    assert found.rows.values[0, CHANNEL_INDEX["active_power_kw"]] == 2


def test_local_times_become_utc_by_each_substations_own_zone(tmp_path: Path) -> None:
    text = "Timestamp,Substation,P\n2025-01-01 05:30,SS-01,1\n2025-01-01 05:30,SS-02,1\n2025-01-01 05:30Z,SS-02,1\n"
    assert [str(at)[11:16] for at in judged(tmp_path, text).rows.at] == ["05:30", "00:00", "05:30"]
    assert [str(at)[11:16] for at in judged(tmp_path, text, time_zone="Asia/Tokyo").rows.at] == [
        "20:30",
        "20:30",
        "05:30",
    ]


def test_a_skipped_hour_is_a_problem_that_names_the_zone(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        "Timestamp,Substation,P\n2025-03-30 02:30,SS-01,1\n2025-03-30 03:30,SS-01,1\n",
        time_zone="Europe/Berlin",
    )
    assert problem_rows(found) == [(2, "timestamp", "2025-03-30 02:30")]
    assert "Europe/Berlin" in found.problems.expected[0]


def test_units_and_sign_are_applied(tmp_path: Path) -> None:
    text = "Timestamp,Substation,P (MW),U (kV),Oil Temp (°F),PF (%),Q\n2025-01-01 00:00,SS-01,1.5,0.4,212,95,10\n"
    path = written(tmp_path, text)
    form = format_of_file(path)
    choices = choices_of(form.columns)
    choices["P (MW)"]["scale"], choices["U (kV)"]["scale"] = 1000.0, 1000.0
    choices["PF (%)"]["scale"], choices["Q"]["scale"] = 0.01, -1.0
    choices["Oil Temp (°F)"] = {"target": "oil_temperature_c", "scale": 5 / 9, "offset": -160 / 9}
    (block,) = blocks(path, form)
    plan = ImportPlan(choices)
    rows = check(read_table(block, form, plan.numbers, plan.texts), plan, GRID, now=NOW).rows
    wanted = {"active_power_kw": 1500, "voltage_avg_v": 400, "oil_temperature_c": 100, "power_factor": 0.95}
    wanted["reactive_power_kvar"] = -10
    for name, value in wanted.items():
        assert rows.values[0, CHANNEL_INDEX[name]] == pytest.approx(value)


def test_a_power_factor_a_hair_above_one_is_rounding(tmp_path: Path) -> None:
    found = judged(tmp_path, "Timestamp,Substation,PF\n2025-01-01 00:00,SS-01,1.001\n")
    assert found.rows.values[0, CHANNEL_INDEX["power_factor"]] == 1


def test_a_simulated_clock_may_run_ahead(tmp_path: Path) -> None:
    text = "Timestamp,Substation,P\n2031-01-01 00:00,SS-01,1\n"
    assert len(judged(tmp_path, text, allow_future=True).rows) == 1


def test_without_a_time_column_rows_are_counted_for_each_substation(tmp_path: Path) -> None:
    start = np.datetime64("2025-01-01T00:00", "us")
    rows = judged(tmp_path, TIMELESS, start=start, interval_s=900).rows
    expected = [start + np.timedelta64(15 * n, "m") for n in range(4)]
    assert rows.at.tolist() == [at.item() for at in expected * 2]


def test_counting_goes_on_over_blocks_and_over_lines_that_cannot_be_split(tmp_path: Path) -> None:
    lines = TIMELESS.splitlines()
    lines[2] = "broken"
    found = judged(tmp_path, "\n".join(lines) + "\n", size=12, start=np.datetime64("2025-01-01", "us"), interval_s=900)
    assert found.rows.at.tolist()[-1] == np.datetime64("2025-01-01T00:45", "us").item()
    assert found.positions == {3: 4, 4: 4}


def test_counting_starts_at_local_time(tmp_path: Path) -> None:
    start = np.datetime64("2025-01-01T05:30", "us")
    rows = judged(tmp_path, "P\n1\n2\n", start=start, interval_s=60, substation="SS-02").rows
    assert str(rows.at[0]) == "2025-01-01T00:00:00.000000"


def test_a_cell_of_a_file_that_is_no_number_is_missing_and_its_row_stays(tmp_path: Path) -> None:
    text = "Timestamp,Substation,P,PF\n2025-01-01 00:00,SS-01,I/O Timeout,0.9\n2025-01-01 00:15,SS-01,10,7\n"
    found = judged(tmp_path, text, strict=False)
    assert (len(found.rows), found.bad) == (2, 0)
    assert [field for _line, field, _received in problem_rows(found)] == ["P", "PF"]
    assert np.isnan(found.rows.values[0, CHANNEL_INDEX["active_power_kw"]])
