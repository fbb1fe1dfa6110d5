# ruff: noqa: DTZ001 (what a meter writes has no zone)
from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import timestamps
from ingestion.problems import TextArray


def texts(*values: str | None) -> TextArray:
    return np.array(values, dtype=object)


def read(text: str, *, day_first: bool = True) -> str:
    return str(timestamps.parse(texts(text), day_first=day_first).at[0])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2025-01-31 08:30:05", "2025-01-31T08:30:05"),
        ("2025-01-31T08:30", "2025-01-31T08:30:00"),
        ("2025-01-31 08:30:05.250", "2025-01-31T08:30:05.250000"),
        ("2025/01/31 8:30", "2025-01-31T08:30:00"),
        ("31/01/2025 8:30:00 AM", "2025-01-31T08:30:00"),
        ("31.01.2025 08:30", "2025-01-31T08:30:00"),
        ("31-Jan-2025 11:15 PM", "2025-01-31T23:15:00"),
        ("31/01/25 12:00 AM", "2025-01-31T00:00:00"),
        ("31/01/2025 12:05 p.m.", "2025-01-31T12:05:00"),
        ("31/01/2025 24:00:00", "2025-02-01T00:00:00"),
        ("20250131 08:30", "2025-01-31T08:30:00"),
        ("2025-01-31", "2025-01-31T00:00:00"),
        ("45688.354166666664", "2025-01-31T08:30:00"),
        ("2025-01-31T08:30:00Z", "2025-01-31T08:30:00"),
        ("2025-01-31T08:30:00+05:30", "2025-01-31T03:00:00"),
        ("2025-01-31 08:30:00 -0200", "2025-01-31T10:30:00"),
        ("1738312200", "2025-01-31T08:30:00"),
        ("1738312200000", "2025-01-31T08:30:00"),
    ],
)
def test_reads_the_ways_in_which_exports_write_a_time(text: str, meant: str) -> None:
    assert read(text) == str(np.datetime64(meant, "us"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2025-02-30 00:00",
        "31/13/2025 00:00",
        "2025-01-31 25:00",
        "2025-01-31 08:61",
        "8:30",
        "12",
        "-",
        "2025-01-31 13:00 AM",
    ],
)
def test_a_text_that_is_no_time_is_not_a_time(text: str) -> None:
    assert read(text) == "NaT"


def test_only_a_text_with_its_own_offset_is_in_utc() -> None:
    times = timestamps.parse(texts("2025-01-31 08:30", "2025-01-31 08:30Z", "1738312200", "45688.5"))
    assert times.is_utc.tolist() == [False, True, True, False]


def test_reads_a_date_beside_a_time_of_day_even_where_a_spreadsheet_rewrote_some() -> None:
    times = timestamps.parse_date_and_clock(
        texts("31/01/2025", "31/01/2025", "31/01/2025 00:00:00"), texts("08:30:05", "8:30:00 PM", "1899-12-31 21:15:00")
    )
    assert [str(at)[11:19] for at in times.at] == ["08:30:05", "20:30:00", "21:15:00"]


@settings(max_examples=60)
@given(
    at=st.datetimes(datetime(1991, 1, 1), datetime(2099, 12, 31)).map(lambda moment: moment.replace(microsecond=0)),
    layout=st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d-%b-%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%SZ"]
    ),
)
def test_what_is_written_is_read_back(at: datetime, layout: str) -> None:
    assert read(at.strftime(layout)) == str(np.datetime64(at, "us"))


@settings(max_examples=200)
@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_text_makes_reading_fail(values: list[str]) -> None:
    assert len(timestamps.parse(texts(*values)).at) == len(values)


@pytest.mark.parametrize("day_first", [True, False])
def test_finds_out_whether_the_day_or_the_month_comes_first(day_first: bool) -> None:
    layout = "%d/%m/%Y %H:%M" if day_first else "%m/%d/%Y %H:%M"
    for days in (3, 40):  # both below 13 at first: the steps decide; later an impossible month does
        moments = [datetime(2025, 3, 1) + timedelta(hours=6 * n) for n in range(4 * days)]
        assert timestamps.looks_day_first(texts(*(m.strftime(layout) for m in moments))) is day_first


def test_an_hour_that_the_clock_skips_does_not_exist() -> None:
    local = np.array(["2025-03-30T01:45", "2025-03-30T02:15", "2025-03-30T03:00"], dtype="datetime64[us]")
    utc = timestamps.to_utc(local, "Europe/Berlin", np.zeros(3, np.int64))
    assert utc.skipped.tolist() == [False, True, False]
    assert str(utc.at[2]) == "2025-03-30T01:00:00.000000"


@pytest.mark.parametrize("backwards", [False, True])
def test_an_hour_that_happens_twice_is_told_apart_by_the_order_of_each_meters_rows(backwards: bool) -> None:
    utc = np.arange(
        np.datetime64("2025-10-25T22:00", "us"), np.datetime64("2025-10-26T03:00", "us"), np.timedelta64(15, "m")
    )
    hours = np.array([2 if at < np.datetime64("2025-10-26T01:00") else 1 for at in utc])
    local = utc + hours.astype("timedelta64[h]")
    order = np.arange(len(utc))[::-1] if backwards else np.arange(len(utc))
    two_meters, meter = np.repeat(local[order], 2), np.tile([7, 8], len(order))
    found = timestamps.to_utc(two_meters, "Europe/Berlin", meter.astype(np.int64))
    assert (found.at == np.repeat(utc[order], 2)).all()
