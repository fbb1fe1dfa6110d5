"""The stream of a COPY, read back by hand as PostgreSQL's documentation of the format has it."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ingestion.copy_format import copied_arrays, copy_stream, sent_array

EPOCH = datetime.fromisoformat("2000-01-01")
MOMENTS = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2199-01-01"))
ROWS = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(), MOMENTS, st.integers(0, 2**31 - 1), st.booleans()),
    max_size=8,
)


def read_back(stream: bytes) -> list[list[bytes | None]]:
    assert stream[:19] == b"PGCOPY\n\xff\r\n\x00" + bytes(8)
    place, rows = 19, []
    while (count := struct.unpack_from(">h", stream, place)[0]) >= 0:
        place, row = place + 2, []
        for _ in range(count):
            length = struct.unpack_from(">i", stream, place)[0]
            place += 4
            row.append(None if length < 0 else stream[place : place + length])
            place += max(length, 0)
        rows.append(row)
    assert stream[place:] == b"\xff\xff"
    return rows


@given(ROWS)
def test_every_value_arrives_and_a_nan_is_null(rows: list[tuple[int, float, datetime, int, bool]]) -> None:
    types: tuple[Any, ...] = (np.int64, np.float64, "datetime64[us]", np.int32, np.bool_)
    columns = [np.array([row[n] for row in rows], dtype=kind) for n, kind in enumerate(types)]
    expected = [
        [
            struct.pack(">q", number),
            None if np.isnan(value) else struct.pack(">d", value),
            struct.pack(">q", (at - EPOCH) // timedelta(microseconds=1)),
            struct.pack(">i", bits),
            struct.pack(">?", flag),
        ]
        for number, value, at, bits, flag in rows
    ]
    assert read_back(copy_stream(columns)) == expected


@pytest.fixture
def cursor() -> Any:
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL alone has COPY.")
    with connection.cursor() as cursor:
        yield cursor


def copied(cursor: Any, values: str, where: str = "") -> bytes:
    query = f"SELECT array_agg(a), array_agg(b), array_agg(c) FROM (VALUES {values}) AS v(a, b, c) {where}"  # noqa: S608
    with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        return b"".join(copy)


@pytest.mark.django_db
def test_arrays_that_postgresql_sends_are_read_back(cursor: Any) -> None:
    rows = "(1::bigint, 0.1::float8, '2025-03-01T00:00:00.25Z'::timestamptz), (-2, 'NaN', '1999-12-31T23:59Z')"
    ids, values, at = copied_arrays(copied(cursor, rows), ["i8", "f8", "M8[us]"])
    assert ids.tolist() == [1, -2]
    np.testing.assert_array_equal(values, [0.1, np.nan])
    assert at.tolist() == [datetime.fromisoformat("2025-03-01T00:00:00.25"), datetime.fromisoformat("1999-12-31T23:59")]


@pytest.mark.django_db
def test_of_no_rows_there_are_empty_arrays(cursor: Any) -> None:
    none = copied(cursor, "(1::bigint, 0.1::float8, now())", "WHERE a > 1")
    assert [len(each) for each in copied_arrays(none, ["i8", "f8", "M8[us]"])] == [0, 0, 0]


@pytest.mark.django_db
def test_a_null_in_an_array_is_refused(cursor: Any) -> None:
    with pytest.raises(ValueError, match="Field 1"):
        copied_arrays(copied(cursor, "(1::bigint, NULL::float8, now())"), ["i8", "f8", "M8[us]"])


def test_arrays_are_sent_as_text_and_times_as_utc() -> None:
    assert sent_array(np.array([3, -1])) == "{3,-1}"
    moments = np.array(["2025-03-01T00:15", "1999-12-31T23:59:59.25"], dtype="datetime64[us]")
    assert sent_array(moments) == "{2025-03-01T00:15:00.000000Z,1999-12-31T23:59:59.250000Z}"
